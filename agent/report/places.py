"""The device map: the places of the rules, and in each its devices with their states."""

from collections.abc import Iterable

from agent.provisioning.model import Text
from agent.report.html import Markup, beside, both, tag
from agent.report.model import ProvisionView
from agent.report.symbols import device_symbol
from agent.report.table import nothing
from agent.report.words import MOTIONS, STATES, condition, text_of, word
from agent.service.provisioning_answer import DeviceShown

NO_PLACE = Text("no place of the rules", "未归入规范地点")


def device_map(view: ProvisionView) -> Markup:
    """Places with devices first, then those that have none."""
    devices = view.answer.devices
    if not devices:
        return nothing(Text("no devices", "没有设备"))
    titles = {code: text_of(title) for pack in view.answer.packs for code, title in pack.places.items()}
    inside = [(title, [one for one in devices if one.place == code]) for code, title in titles.items()]
    outside = [one for one in devices if one.place not in titles]
    cards = [(title, its) for title, its in inside if its] + ([(NO_PLACE, outside)] if outside else [])
    empty = [title for title, its in inside if not its]
    return tag("div", [_place(*card) for card in cards], _empty(empty), class_="map")


def state_of(device: DeviceShown) -> str:
    """One word for how it stands: what cannot be seen comes before what was seen."""
    if device.lost:
        return "lost"
    if device.active:
        return "active"
    if not device.heard:
        return "unheard"
    return "aside" if device.set_aside else "good"


def _place(title: Text, devices: Iterable[DeviceShown]) -> Markup:
    return tag("article", tag("h4", both(title, "beside")), [_device(one) for one in devices], class_="place")


def _device(device: DeviceShown) -> Markup:
    state = state_of(device)
    return tag(
        "div",
        device_symbol(device.kind, state),
        tag(
            "div",
            tag("p", device.name, " ", tag("code", device.device), class_="name"),
            tag("p", beside(text_of(device.title)), " · ", device.location, class_="quiet"),
            tag("p", [tag("span", beside(text), " ") for text in _said(device, state)], class_=f"state {state}"),
        ),
        class_="stands",
    )


def _said(device: DeviceShown, state: str) -> Iterable[Text]:
    yield STATES[state]
    if state == "active":
        yield from (condition(device.kind, key) for key in device.active)
    if device.motion is not None and not device.lost:
        yield word(MOTIONS, device.motion)
    if device.set_aside:
        names = [condition(device.kind, key) for key in device.set_aside]
        yield Text("aside: " + ", ".join(one.en for one in names), "屏蔽：" + "、".join(one.zh for one in names))
    if device.escape_route:
        yield Text("escape route", "疏散通道")


def _empty(titles: list[Text]) -> Markup | None:
    if not titles:
        return None
    names = [tag("li", both(title, "beside")) for title in titles]
    said = Text("places without a device of this gateway", "本网关没有设备的地点")
    return tag("article", tag("h4", both(said, "beside")), tag("ul", names), class_="place empty")
