"""The words of the pages, in both languages: a report travels, so it does not ask for the reader's language."""

from collections.abc import Mapping
from typing import TypeVar

from agent.alarms.kinds import KINDS
from agent.provisioning.model import Text
from agent.uplink.hazard_message import TextShown as HazardText
from agent.uplink.provision_message import TextShown

Key = TypeVar("Key", bound=str)

VERDICTS: Mapping[str, Text] = {
    "met": Text("met", "达标"),
    "not_met": Text("not met", "未达标"),
    "unknown": Text("unknown", "无法判定"),
}
SOURCES: Mapping[str, Text] = {
    "observed": Text("observed", "实测"),
    "checked_in": Text("checked in", "签到"),
    "declared": Text("declared", "申报"),
}
MARKS: Mapping[str, Text] = {
    "seen": Text("text read in a public source", "已查阅公开原文"),
    "seen_draft": Text("read in a published draft", "据公开征求意见稿"),
    "seen_weak": Text("read at second hand", "据二手资料"),
    "recall": Text("from memory, not confirmed", "凭记忆，未经核对"),
    "recall_low": Text("from memory, doubtful", "凭记忆，存疑"),
    "derived": Text("our own reading", "自行推定"),
}
CLOCKS: Mapping[str, Text] = {
    "synchronised": Text("clock synchronised", "时钟已同步"),
    "estimated": Text("clock running on its own, not synchronised", "时钟自走，未同步"),
    "unknown": Text("not known whether the clock is right", "时钟是否准确未知"),
}
STATUSES: Mapping[str, Text] = {
    "open": Text("open", "待处理"),
    "assigned": Text("assigned", "已指派"),
    "rectifying": Text("being rectified", "整改中"),
    "awaiting_recheck": Text("awaiting re-check", "待复查"),
    "closed": Text("closed", "已销号"),
}
GRADES: Mapping[str, Text] = {"major": Text("major", "重大隐患"), "general": Text("general", "一般隐患")}
COLOURS: Mapping[str, Text] = {
    "red": Text("red", "红"),
    "orange": Text("orange", "橙"),
    "yellow": Text("yellow", "黄"),
    "blue": Text("blue", "蓝"),
}
ROLES: Mapping[str, Text] = {
    "guard": Text("guard", "保安员"),
    "safety_officer": Text("safety officer", "安全员"),
    "safety_vice_principal": Text("safety vice-principal", "安全副校长"),
    "district": Text("district", "区县主管部门"),
}
STATES: Mapping[str, Text] = {
    "good": Text("good", "正常"),
    "active": Text("alarm", "报警"),
    "lost": Text("lost", "失联"),
    "unheard": Text("not heard yet", "尚无读数"),
    "aside": Text("set aside", "已屏蔽"),
}
MOTIONS: Mapping[str, Text] = {
    "closed": Text("closed", "关"),
    "opening": Text("opening", "正在打开"),
    "open": Text("open", "开"),
    "closing": Text("closing", "正在关闭"),
    "stopped": Text("stopped on the way", "停在中途"),
    "obstructed": Text("obstructed", "遇阻"),
    "unknown": Text("position unknown", "位置不明"),
}
EFFECTS: Mapping[str, Text] = {
    "idle": Text("idle", "待命"),
    "pending": Text("pending", "延时中"),
    "active": Text("active", "已动作"),
    "latched": Text("latched", "已自锁"),
    "spent": Text("time over", "时限已过"),
    "blocked": Text("blocked", "被阻止"),
}
PRIORITIES: Mapping[str, Text] = {
    "life": Text("safety of life", "生命安全"),
    "security": Text("security", "治安"),
    "notify": Text("notify only", "仅通知"),
}
MOVES: Mapping[str, Text] = {"opens": Text("opens", "打开"), "closes": Text("closes", "关闭")}
HOLDS: Mapping[str, Text] = {
    "reset": Text("until a person resets it", "直至人工复位"),
    "cause": Text("while its cause lasts", "随原因保持"),
}


def word(table: Mapping[Key, Text], given: str) -> Text:
    """What people call it; of a newer gateway's, its own word."""
    return next((text for key, text in table.items() if key == given), Text(given, given))


def text_of(shown: TextShown | HazardText) -> Text:
    """As it travelled."""
    return Text(shown.en, shown.zh)


def condition(kind: str, key: str) -> Text:
    """What people call a condition of that kind of device; a panel's address goes before it."""
    address, _, name = key.rpartition("/")
    spec = next((spec.conditions.get(name) for known, spec in KINDS.items() if known == kind), None)
    if spec is None:
        return Text(key, key)
    before = f"{address} " if address else ""
    return Text(before + spec.title.en, before + spec.title.zh)


def kind_of(kind: str) -> Text:
    """What people call that kind of device."""
    spec = next((spec for known, spec in KINDS.items() if known == kind), None)
    return Text(kind, kind) if spec is None else Text(spec.title.en, spec.title.zh)
