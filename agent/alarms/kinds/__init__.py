"""The kinds of device: one file each, one table here."""

from collections.abc import Mapping

from agent.alarms.kinds import (
    bollard,
    camera,
    card_reader,
    door,
    environment,
    fire_panel,
    fire_sensor,
    gate_barrier,
    one_key_alarm,
    power_supply,
    sign_on_button,
    smoke_detector,
)
from agent.alarms.spec import KindSpec
from agent.site import Kind

KINDS: Mapping[Kind, KindSpec] = {
    "one_key_alarm": one_key_alarm.KIND,
    "gate_barrier": gate_barrier.KIND,
    "bollard": bollard.KIND,
    "door": door.KIND,
    "smoke_detector": smoke_detector.KIND,
    "fire_sensor": fire_sensor.KIND,
    "fire_panel": fire_panel.KIND,
    "environment": environment.KIND,
    "power_supply": power_supply.KIND,
    "camera": camera.KIND,
    "card_reader": card_reader.KIND,
    "sign_on_button": sign_on_button.KIND,
}
