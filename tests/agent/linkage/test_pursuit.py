"""What becomes of an output that is wished is arithmetic: taken, fed back, told again, a fault."""

from itertools import pairwise

import pytest

from agent.linkage.model import OutputWish, Priority
from agent.linkage.pursuit import (
    AGAIN_MOST_S,
    CONFIRMED_WITHIN_S,
    SECURITY_TRIES,
    SILENT,
    UNMOVED,
    UNSEEN,
    Became,
    Pursuit,
    begun,
    followed,
)

TAKEN, MOVED = Became(True, "", False), Became(True, "", True)
LOOK_S = 1.0
SILENCE, DARK = Became(False, "", None), Became(True, "", None)


def wish(priority: Priority = "life", *, once: bool = False) -> OutputWish:
    return OutputWish(True, 1.0, once, "effect", priority)


def lived(pursuit: Pursuit, became: Became, from_s: float, to_s: float) -> tuple[Pursuit, list[float]]:
    """Looked at whenever it is due or a second has passed; returns also when it was told again."""
    now_s, told = from_s, list[float]()
    while now_s <= to_s:
        after = followed(pursuit, became, pursuit.order + 1, now_s)
        if after.order != pursuit.order:
            told.append(now_s)
        pursuit = after
        assert pursuit.due_s is None or pursuit.due_s > now_s
        now_s = min(now_s + LOOK_S, pursuit.due_s or now_s + LOOK_S)
    return pursuit, told


def test_what_is_taken_and_fed_back_is_confirmed_and_needs_no_other_look() -> None:
    pursuit = followed(begun(wish(), 1, 0.0), MOVED, 2, 3.0)
    assert (pursuit.confirmed, pursuit.fault, pursuit.due_s) == (True, "", None)


@pytest.mark.parametrize(
    ("became", "why"),
    [(SILENCE, SILENT), (Became(False, "exception 4", None), "exception 4"), (TAKEN, UNMOVED), (DARK, UNSEEN)],
)
def test_what_is_not_confirmed_within_ten_seconds_is_a_fault_and_says_why(became: Became, why: str) -> None:
    pursuit = begun(wish(), 1, 5.0)
    assert pursuit.due_s == 5.0 + CONFIRMED_WITHIN_S
    assert followed(pursuit, became, 2, 5.0 + CONFIRMED_WITHIN_S - 0.1).fault == ""
    late = followed(pursuit, became, 2, 5.0 + CONFIRMED_WITHIN_S)
    assert (late.fault, late.confirmed) == (why, False)
    assert followed(late, MOVED, 2, 30.0).fault == ""


def test_an_order_for_once_that_moves_nothing_is_told_ever_less_often_and_for_a_fire_without_end() -> None:
    _, told = lived(begun(wish(once=True), 1, 0.0), TAKEN, 0.0, 400.0)
    gaps = [later - before for before, later in pairwise([0.0, *told])]
    assert gaps[:3] == pytest.approx([10.0, 20.0, 40.0], abs=LOOK_S)
    assert max(gaps) <= AGAIN_MOST_S + LOOK_S
    assert told[-1] > 400.0 - AGAIN_MOST_S - 1.0


def test_what_closes_is_told_three_times_and_not_again() -> None:
    pursuit, told = lived(begun(wish("security", once=True), 1, 0.0), TAKEN, 0.0, 1000.0)
    assert (pursuit.tries, len(told)) == (SECURITY_TRIES, SECURITY_TRIES - 1)
    assert pursuit.fault == UNMOVED


def test_what_is_not_taken_or_cannot_be_seen_is_not_told_a_second_time() -> None:
    for became in (SILENCE, DARK):
        assert lived(begun(wish(once=True), 1, 0.0), became, 0.0, 300.0)[1] == []


def test_what_is_held_is_never_told_anew_by_this_since_it_is_held() -> None:
    assert lived(begun(wish(), 1, 0.0), TAKEN, 0.0, 300.0)[1] == []


def test_somebody_who_undoes_it_finds_it_told_again_at_once() -> None:
    done = followed(begun(wish(once=True), 1, 0.0), MOVED, 2, 2.0)
    again = followed(done, TAKEN, 2, 100.0)
    assert (again.order, again.confirmed, again.fault) == (2, False, "")
    assert again.due_s == 100.0 + CONFIRMED_WITHIN_S


def test_a_feedback_that_goes_dark_takes_nothing_back() -> None:
    done = followed(begun(wish(once=True), 1, 0.0), MOVED, 2, 2.0)
    assert followed(done, DARK, 2, 100.0).confirmed
