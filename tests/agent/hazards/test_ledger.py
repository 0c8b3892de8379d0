"""The ledger keeps what it was given, in as many slots as it may have, and only closed hazards make room."""

from dataclasses import replace

import pytest

from agent.errors import OrderRefused
from agent.hazards.ledger import NUMBER, Ledger, from_json, to_json
from agent.hazards.model import Hazard, Status
from tests.agent.hazards.ledgerbook import FACTS, Machine, brought_to, hazard

MOST = 4


def numbered(number: int, status: Status = Status.OPEN) -> Hazard:
    machine = Machine()
    facts = replace(FACTS, subject=f"smoke-{number}")
    return brought_to(status, machine, hazard(machine.moment, facts=facts, id=f"{number}-abcd"))


def filled(*hazards: Hazard, most: int = MOST) -> tuple[Ledger, dict[str, str]]:
    ledger, states = Ledger(most), dict[str, str]()
    for one in hazards:
        entry = ledger.prepared([one])
        states |= entry.states
        ledger.enter(entry)
    return ledger, states


@pytest.mark.parametrize("status", Status)
def test_a_hazard_comes_back_from_the_store_as_it_went_in(status: Status) -> None:
    it = numbered(7, status)
    assert from_json(to_json(it)) == it


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": 3}', to_json(numbered(1)).replace('"open"', '"shut"')])
def test_what_was_damaged_is_no_hazard_and_costs_no_other(text: str) -> None:
    assert from_json(text) is None
    _, states = filled(numbered(1), numbered(2))
    name = next(name for name in states if name != NUMBER)
    ledger, unread = Ledger.recalled(MOST, {**states, name: text or "?"})
    assert unread == [name]
    assert len(ledger) == 1


def test_a_restart_changes_nothing_and_no_number_comes_twice() -> None:
    ledger, states = filled(numbered(1), numbered(2, Status.CLOSED))
    again, unread = Ledger.recalled(MOST, states)
    assert (list(again), unread) == (list(ledger), [])
    assert again.next_number == 3
    gone, _ = Ledger.recalled(MOST, {NUMBER: "41"})
    assert gone.next_number == 42


def test_the_oldest_closed_one_makes_room_and_its_slot_is_used_again() -> None:
    ledger, states = filled(
        numbered(1), numbered(2, Status.CLOSED), numbered(3, Status.CLOSED), numbered(4), numbered(5), numbered(6)
    )
    assert [one.id for one in ledger] == ["1-abcd", "4-abcd", "5-abcd", "6-abcd"]
    assert len([name for name in states if name != NUMBER]) == MOST
    again, _ = Ledger.recalled(MOST, states)
    assert list(again) == list(ledger)


def test_open_hazards_never_make_room_and_more_are_refused_in_words() -> None:
    ledger, _ = filled(*map(numbered, range(1, MOST + 1)))
    assert ledger.room == 0
    with pytest.raises(OrderRefused, match="full of open hazards: 4"):
        ledger.prepared([numbered(9)])
    ledger.prepared([numbered(1, Status.CLOSED)])


def test_in_a_ledger_whose_bound_was_made_smaller_every_step_can_still_be_taken() -> None:
    _, states = filled(*map(numbered, range(1, MOST + 1)))
    smaller, _ = Ledger.recalled(2, states)
    with pytest.raises(OrderRefused, match="full of open hazards: 2"):
        smaller.prepared([numbered(9)])
    smaller.enter(smaller.prepared([numbered(1, Status.CLOSED)]))
    smaller.enter(smaller.prepared([numbered(2, Status.ASSIGNED)]))
    assert [one.id for one in smaller] == ["2-abcd", "3-abcd", "4-abcd"]


def test_what_was_prepared_and_not_stored_has_changed_nothing() -> None:
    ledger, _ = filled(numbered(1), numbered(2, Status.CLOSED))
    before = list(ledger)
    ledger.prepared([numbered(1, Status.ASSIGNED), numbered(3)])
    assert list(ledger) == before
    assert ledger.next_number == 3


def test_a_year_of_hazards_every_hour_or_two_fits_the_bound() -> None:
    """5,000 of them are 13 a day for a year."""
    ledger, states = filled(*(numbered(n, Status.CLOSED) for n in range(1, 60)), most=50)
    assert len(ledger) == 50
    assert next(one.id for one in ledger) == "10-abcd"
    assert len(states) == 51


@pytest.mark.parametrize("name", ["1", "1-abcd"])
def test_the_number_before_the_dash_is_enough(name: str) -> None:
    ledger, _ = filled(numbered(1), numbered(11))
    assert ledger.named(name).id == "1-abcd"


@pytest.mark.parametrize("name", ["", "2", "abcd", "1-", "-abcd"])
def test_what_is_not_in_it_is_refused_in_words(name: str) -> None:
    ledger, _ = filled(numbered(1))
    with pytest.raises(OrderRefused, match="no hazard"):
        ledger.named(name)


def test_a_ledger_that_may_hold_less_from_now_on_gives_up_closed_ones_only() -> None:
    _, states = filled(*(numbered(n, Status.CLOSED if n < 9 else Status.OPEN) for n in range(1, 11)), most=10)
    small, _ = Ledger.recalled(MOST, states)
    entry = small.prepared([numbered(11)])
    small.enter(entry)
    assert [one.id for one in small] == ["8-abcd", "9-abcd", "10-abcd", "11-abcd"]
    kept = states | dict(entry.states)
    assert len([text for text in kept.values() if text]) == MOST + 1
    again, unread = Ledger.recalled(MOST, kept)
    assert (list(again), unread) == (list(small), [])
