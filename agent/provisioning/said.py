"""What verdicts say of evidence, in both languages. What a rule says stands in its pack, never here."""

from collections.abc import Iterable
from datetime import date, datetime

from agent.provisioning.model import Text

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86400.0


def text(en: str, zh: str, **fields: object) -> Text:
    """Both, with `{name}` fields filled in; a field that is a Text itself is filled in by language."""
    return Text(
        en.format(**{name: one.en if isinstance(one, Text) else one for name, one in fields.items()}),
        zh.format(**{name: one.zh if isinstance(one, Text) else one for name, one in fields.items()}),
    )


def listed(texts: Iterable[Text]) -> Text:
    """One after the other."""
    told = list(texts)
    return Text(", ".join(one.en for one in told), "、".join(one.zh for one in told))


def lasting(seconds: float) -> Text:
    """A duration as people say it, rounded down."""
    if seconds < 2 * MINUTE_S:
        return text("{n:.0f} s", "{n:.0f} 秒", n=seconds)
    if seconds < 2 * HOUR_S:
        return text("{n:.0f} min", "{n:.0f} 分钟", n=seconds // MINUTE_S)
    if seconds < 2 * DAY_S:
        return text("{n:.0f} h", "{n:.0f} 小时", n=seconds // HOUR_S)
    return text("{n:.0f} d", "{n:.0f} 天", n=seconds // DAY_S)


def moment(at: datetime) -> str:
    """Local date and minute."""
    return at.strftime("%Y-%m-%d %H:%M")


def of_each(good: int, required: int) -> Text:
    """How many of how many."""
    return text("{good} of {required}", "{good}/{required}", good=good, required=required)


def value(given: object) -> Text:
    """A declared fact or what is wanted of it."""
    if isinstance(given, bool):
        return Text("yes", "是") if given else Text("no", "否")
    return Text(*(2 * [f"{given:g}" if isinstance(given, float) else str(given)]))


def declared(title: Text, given: object, by: str, on: date) -> Text:
    """A fact, who says so, and since when."""
    return text("{title}: {given} ({by}, {on})", "{title}：{given}（{by}，{on}）",
                title=title, given=value(given), by=by, on=on)  # fmt: skip


CLOCK = Text(
    "the clock is not synchronised: nothing that depends on the time of day can be judged",
    "时钟未同步，凡依赖时间的证据均无法判定",
)
CLOCK_FIX = Text("let the gateway reach a time server", "请使网关能够连接时间服务器")
UNSURE = Text("signed while the clock was not right", "签到时时钟未校准")
NOT_LOGGED = Text("the log does not reach back so far", "记录尚未覆盖该时段")
