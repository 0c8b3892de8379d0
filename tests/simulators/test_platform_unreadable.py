"""What fits no contract is set aside by the reference platform, and never brings it down."""

import json

import pytest

from simulators.platform import Platform, Unreadable
from tests.fuzz import messages

TOPIC, _, PAYLOAD = next(messages.published("alarm")).partition(b"\n")


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ("sequence", "0000000000000000471g"),
        ("sequence", "²"),
        ("sequence", "٣"),
        ("sequence", "9" * 5000),
        ("sequence", None),
        ("id", "0b9f4a2c1e5d4b7aa1c3e8d2f6b70419-²"),
        ("id", "4711"),
        ("monotonic", "soon"),
        ("monotonic", "nan"),
        ("monotonic", "1e3"),
    ],
)
def test_numbers_that_are_none_make_a_message_unreadable(attribute: str, said: str | None) -> None:
    event = {**json.loads(PAYLOAD), attribute: said}
    platform = Platform()
    platform.take(TOPIC.decode(), PAYLOAD, 0.0)
    with pytest.raises(Unreadable):
        platform.take(TOPIC.decode(), json.dumps(event).encode(), 1.0)
    assert platform.duplicates == 0
