"""What is not known and why: a report that hides it would be worth nothing."""

from collections.abc import Iterable

from agent.provisioning.model import Text
from agent.report.html import Markup, both, tag
from agent.report.model import ProvisionView
from agent.report.places import state_of
from agent.report.table import nothing
from agent.report.words import CLOCKS, text_of, word

RECALLED = ("recall", "recall_low")


def doubts(view: ProvisionView) -> Markup:
    """One line each."""
    lines = [*_clock(view), *_configuration(view), *_items(view), *_devices(view), *_past(view), *_rules(view)]
    if not lines:
        return nothing(Text("nothing: every item was judged", "无：所有项目均已判定"))
    return tag("ul", [tag("li", both(line)) for line in lines], class_="doubts")


def _clock(view: ProvisionView) -> Iterable[Text]:
    if view.answer.clock != "synchronised":
        said = word(CLOCKS, view.answer.clock)
        yield Text(f"Times here may be wrong: {said.en}.", f"本页时间可能有误：{said.zh}。")
    unsure = sum(not one.sure for one in view.answer.presses)
    if unsure:
        yield Text(
            f"{unsure} test presses were made while the clock was not right; they prove nothing.",
            f"{unsure} 次测试按压时时钟不可靠，不作为证据。",
        )


def _configuration(view: ProvisionView) -> Iterable[Text]:
    if refused := view.answer.site.config_refused:
        yield Text(
            f"A newer configuration is refused for {len(refused)} mistakes; the last good one is judged.",
            f"新配置有 {len(refused)} 处错误未被采用，按上一份有效配置判定。",
        )


def _items(view: ProvisionView) -> Iterable[Text]:
    """What has the same reason stands together."""
    unknown: dict[Text, list[Text]] = {}
    for indicator in view.answer.verdicts:
        for item in indicator.items:
            if item.verdict == "unknown":
                unknown.setdefault(text_of(item.said), []).append(text_of(item.title))
    for said, names in unknown.items():
        yield Text(
            f"{said.en}: {'; '.join(one.en for one in names)}.",
            f"{said.zh}：{'；'.join(one.zh for one in names)}。",
        )


def _devices(view: ProvisionView) -> Iterable[Text]:
    why = {
        "lost": Text("it does not answer; what it would see is not known", "失联，其所见无从得知"),
        "unheard": Text("not all of it has been read since the start", "启动以来尚未全部读到"),
        "aside": Text("somebody has set its alarms aside", "其报警已被人为屏蔽"),
    }
    for device in view.answer.devices:
        if (said := why.get(state_of(device))) is not None:
            name = f"{device.name} ({device.device})"
            yield Text(f"{name}: {said.en}.", f"{name}：{said.zh}。")


def _past(view: ProvisionView) -> Iterable[Text]:
    since = view.clock.moment(view.answer.logged_since, "")
    if since:
        yield Text(f"Nobody has written down what was before {since}.", f"{since} 之前没有记录。")
    else:
        yield Text("Nothing of the past is on record.", "没有以往的记录。")
    down = [way for way, up in view.answer.ways.items() if not up]
    if down:
        yield Text(f"No path to the platform by: {', '.join(down)}.", f"以下通道不通平台：{'、'.join(down)}。")


def _rules(view: ProvisionView) -> Iterable[Text]:
    items = [item for indicator in view.answer.verdicts for item in indicator.items]
    recalled = sum(item.mark in RECALLED for item in items)
    if recalled:
        yield Text(
            f"{recalled} of {len(items)} items rest on clauses from memory, marked [recall]: check them.",
            f"{len(items)} 项中有 {recalled} 项的条款凭记忆，标有 [recall]，须核对原文。",
        )
