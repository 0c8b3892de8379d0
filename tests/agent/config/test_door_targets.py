"""What frees a door stays so when the gateway dies; what opens a barrier ends, since that stays open by itself."""

from pathlib import Path

import pytest

from agent.config.load import load_site
from agent.linkage.model import Target

EXAMPLE = Path(__file__).parents[3] / "configs" / "gateways" / "linkage.yaml"


def opening(device: str) -> Target:
    site = load_site(EXAMPLE)
    assert site.linkage is not None
    found = (target for effect in site.linkage.effects for target in effect.targets)
    return next(target for target in found if target.device == device and target.moves == "opens")


@pytest.mark.parametrize(("device", "timed"), [("door-block", False), ("barrier-south", True)])
def test_only_what_stays_open_by_itself_is_opened_by_pulses(device: str, timed: bool) -> None:
    target = opening(device)
    assert (target.pulse_s is not None, target.one_shot) == (timed, False)
