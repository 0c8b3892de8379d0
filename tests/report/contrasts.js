// Every text with how it stands out from what is behind it (WCAG 2): of a text in a picture the topmost filled shape
// below its middle, else the nearest background. The window must be as high as the page, for elementsFromPoint.
(() => {
  const isDrawn = (element) => element.namespaceURI.endsWith("svg") && element.tagName !== "svg";

  const solid = (colour) => {
    const parts = (colour.match(/[\d.]+/g) || []).map(Number);
    return parts.length === 3 || (parts.length === 4 && parts[3] > 0.99) ? parts.slice(0, 3) : null;
  };

  const luminance = (colour) => {
    const linear = colour.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };

  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = solid(getComputedStyle(at).backgroundColor);
      if (colour) return colour;
    }
    return [255, 255, 255];
  };

  const behindDrawn = (text) => {
    const box = text.getBoundingClientRect();
    const stack = document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    for (const below of stack.filter((one) => one !== text)) {
      if (!isDrawn(below)) return background(below);
      const fill = below.tagName === "text" ? null : solid(getComputedStyle(below).fill);
      if (fill) return fill;
    }
    return background(text);
  };

  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const ink = solid(isDrawn(element) ? style.fill : style.color);
    const paper = isDrawn(element) ? behindDrawn(element) : background(element);
    const [high, low] = [luminance(ink), luminance(paper)].sort((a, b) => b - a);
    found.push([(high + 0.05) / (low + 0.05), node.data.trim().slice(0, 40)]);
  }
  return found;
})();
