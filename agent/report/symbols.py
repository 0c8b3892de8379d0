"""One line drawing for each kind of device, and the badge that says how it stands, in shape before colour."""

from collections.abc import Mapping

from agent.report.html import Markup, tag
from agent.report.svg import picture, spoken
from agent.report.words import STATES, kind_of

SIZE = 32
# Drawn within 24 × 24, stroked; a kind that is not here is a plain box.
DRAWINGS: Mapping[str, str] = {
    "one_key_alarm": "M4 20h16M6 20v-5a6 6 0 0 1 12 0v5M12 5V2M5.5 7.5L3.5 5.5M18.5 7.5l2-2M12 13v3",
    "gate_barrier": "M5 21V9h4v12zM9 12L21 6M12 10.5v3.2M16 8.5v3.2",
    "bollard": "M9 20V6a3 3 0 0 1 6 0v14M4 20h16M9 10h6M9 14h6",
    "door": "M6 21V3h12v18M3 21h18M14.5 12v1.5",
    "smoke_detector": "M4 9h16v3a8 5 0 0 1-16 0zM9 20c-2-2 2-2 0-3M15 20c-2-2 2-2 0-3M7 9V6h10v3",
    "fire_sensor": "M12 21a6 6 0 0 1-6-6c0-4 4-6 4-12c4 2 8 7 8 12a6 6 0 0 1-6 6z"
    "M12 21a3 3 0 0 1-2-5l2-3l2 3a3 3 0 0 1-2 5",
    "fire_panel": "M4 3h16v18H4zM7 6h10v5H7zM8 15v.1M12 15v.1M16 15v.1M8 18h8",
    "environment": "M10 14V5a2 2 0 0 1 4 0v9a4 4 0 1 1-4 0zM12 9v7M17 5h3M17 9h2",
    "power_supply": "M4 7h14v10H4zM18 10h2v4h-2M12 8.5l-3 4h4l-3 3.5",
    "camera": "M3 8l13-3l2 6l-13 3zM9 13v4H4M4 14v6M17 6l3 2l-1.4 3",
    "card_reader": "M6 3h12v18H6zM10 15a3 3 0 0 1 4 0M8.5 12a6 6 0 0 1 7 0M12 17.5v.1",
    "sign_on_button": "M4 4h16v16H4zM12 8a4 4 0 1 1 0 8a4 4 0 1 1 0-8zM12 12v.1",
}
PLAIN = "M5 5h14v14H5z"
# Round and plain: good. Solid square: alarm. Broken square and a stroke through: lost. Dots: nothing heard yet.
FRAMES: Mapping[str, str] = {
    "good": "M16 1a15 15 0 1 1 0 30a15 15 0 1 1 0-30z",
    "active": "M2 1h28v30H2z",
    "lost": "M2 2h28v28H2z",
    "unheard": "M16 1a15 15 0 1 1 0 30a15 15 0 1 1 0-30z",
    "aside": "M9 1.5h14L30.5 9v14L23 30.5H9L1.5 23V9z",
}


def device_symbol(kind: str, state: str) -> Markup:
    """The kind's drawing in the state's frame."""
    drawing = tag("path", d=DRAWINGS.get(kind, PLAIN), transform="translate(4.6 4.6) scale(.95)", class_="drawn")
    stroke = tag("path", d="M3 29L29 3", class_="drawn through") if state == "lost" else None
    label = f"{spoken(kind_of(kind))}: {spoken(STATES[state])}"
    frame = tag("path", d=FRAMES[state], class_="frame")
    return picture(SIZE, SIZE, frame, drawing, stroke, label=label, class_=f"device {state}")
