"""How the bench ends what it has started."""

import subprocess

import pytest

from bench.stand import end

# Takes its time after the end of its orders, and says so if it is not given any.
SLOW_TO_END = "trap 'exit 7' TERM; echo ready; cat; sleep 0.3 & wait; exit 0"


@pytest.mark.parametrize(("ends_itself", "code"), [(True, 0), (False, 7)])
def test_only_who_ends_with_its_orders_is_left_to_finish(ends_itself: bool, code: int) -> None:
    process = subprocess.Popen(["sh", "-c", SLOW_TO_END], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    end(process, ends_itself=ends_itself)
    assert process.returncode == code
