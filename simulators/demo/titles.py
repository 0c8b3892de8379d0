"""What people call an alarm condition, word for word as `campusgw alarm list` calls it.

A copy of the titles of the agent's kinds, as simulators see only the agent's edges; a test compares the two.
"""

from agent.language import either

Title = tuple[str, str]

_OF_ANY_KIND: dict[str, Title] = {
    "pressed": ("one-key alarm pressed", "一键报警"),
    "tamper": ("tamper", "防拆报警"),
    "line_fault": ("line fault", "线路故障"),
    "forced_open": ("forced open", "强行开启"),
    "held_open": ("held open", "长时间未关"),
    "obstructed": ("obstructed", "遇阻"),
    "no_feedback": ("no feedback", "无到位反馈"),
    "mains_lost": ("mains lost", "市电中断"),
    "contamination": ("contaminated", "探测器污染"),
    "battery_low": ("battery low", "电池电量低"),
    "unreachable": ("unreachable", "不可达"),
    "stream_fault": ("gives no stream", "无视频流应答"),
    "clock_wrong": ("clock wrong", "时钟不准"),
    "recording_short": ("recordings kept too short", "录像保存不足"),
    "on_battery": ("on battery", "电池供电"),
    "fire": ("fire", "火警"),
    "prealarm": ("pre-alarm", "预警"),
    "supervisory": ("supervisory", "监管"),
    "fault": ("fault", "故障"),
    "disabled": ("disabled", "屏蔽"),
    "activated": ("activated", "启动反馈"),
    "test": ("test", "测试"),
    "temperature_high": ("temperature too high", "温度过高"),
    "temperature_low": ("temperature too low", "温度过低"),
    "humidity_high": ("humidity too high", "湿度过高"),
    "humidity_low": ("humidity too low", "湿度过低"),
    "lost": ("lost", "失联"),
    "bad_reading": ("bad reading", "读数异常"),
    "unstable": ("unstable", "信号频繁跳变"),
}
_OF_KIND: dict[tuple[str, str], Title] = {
    ("fire_sensor", "alarm"): ("fire alarm", "火警"),
    ("fire_sensor", "prealarm"): ("fire pre-alarm", "火灾预警"),
    ("smoke_detector", "alarm"): ("smoke alarm", "烟雾报警"),
    ("smoke_detector", "prealarm"): ("smoke pre-alarm", "烟雾预警"),
}


def condition(name: str, kind: str) -> str:
    """A condition of a kind of device in words; one that is new is shown as it is."""
    return either(*(_OF_KIND.get((kind, name)) or _OF_ANY_KIND.get(name) or (name, name)))
