"""What the protocols that are not Modbus tell by name: a profile's points are some of these."""

from collections.abc import Mapping
from typing import Literal

from drivers.profile import Protocol

Told = Literal["bool", "f32"]

TELLS: Mapping[Protocol, Mapping[str, Told]] = {
    "ip_camera": {"reachable": "bool", "rtsp": "bool", "onvif": "bool", "clock_offset_s": "f32"},
    "megatec_q1": {
        "on_battery": "bool",
        "battery_low": "bool",
        "bypass": "bool",
        "fault": "bool",
        "standby_type": "bool",
        "self_test": "bool",
        "shutting_down": "bool",
        "beeper": "bool",
        "input_v": "f32",
        "fault_v": "f32",
        "output_v": "f32",
        "load": "f32",
        "frequency": "f32",
        "battery_v": "f32",
        "temperature": "f32",
    },
}
