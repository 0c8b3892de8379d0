"""Every step at every status: what follows, or the words with which it is refused."""

from dataclasses import replace

import pytest

from agent.errors import OrderRefused
from agent.hazards import sensed
from agent.hazards.model import Status
from agent.hazards.steps import EVIDENCE_MOST, STEPS_MOST, Action, Wish, step
from tests.agent.hazards.ledgerbook import FACTS, Machine, brought_to, hazard

OPEN, ASSIGNED, RECTIFYING, AWAITING, CLOSED = Status
WISHES: dict[Action, Wish] = {
    "assign": Wish("assign", "李主任", to="王师傅"),
    "start": Wish("start", "王师傅"),
    "done": Wish("done", "王师傅"),
    "accept": Wish("accept", "李主任"),
    "reject": Wish("reject", "李主任", reason="未修好"),
    "note": Wish("note", "张", reason="已通知维保"),
}
TABLE: dict[Status, dict[Action, Status]] = {
    OPEN: {"assign": ASSIGNED, "note": OPEN},
    ASSIGNED: {"assign": ASSIGNED, "start": RECTIFYING, "note": ASSIGNED},
    RECTIFYING: {"assign": ASSIGNED, "done": AWAITING, "note": RECTIFYING},
    AWAITING: {"accept": CLOSED, "reject": RECTIFYING, "note": AWAITING},
    CLOSED: {"note": CLOSED},
}
RECOVERED = {OPEN: AWAITING, ASSIGNED: AWAITING, RECTIFYING: AWAITING, AWAITING: AWAITING, CLOSED: CLOSED}
FAILED = {OPEN: OPEN, ASSIGNED: ASSIGNED, RECTIFYING: RECTIFYING, AWAITING: RECTIFYING, CLOSED: OPEN}


@pytest.mark.parametrize("action", WISHES)
@pytest.mark.parametrize("status", Status)
def test_a_step_leads_where_the_table_says_or_is_refused_in_words(status: Status, action: Action) -> None:
    machine = Machine()
    before = replace(brought_to(status, machine), failing=False)
    if (reached := TABLE[status].get(action)) is not None:
        after = step(before, WISHES[action], machine.moment, machine.times)
        assert after.status is reached
        assert (after.steps[-1].action, after.steps[-1].person) == (action, WISHES[action].person)
        return
    with pytest.raises(OrderRefused, match=f"{action}: hazard 1-abcd"):
        step(before, WISHES[action], machine.moment, machine.times)


@pytest.mark.parametrize("action", WISHES)
def test_nobody_takes_no_step(action: Action) -> None:
    machine = Machine()
    for status in (one for one in Status if action in TABLE[one]):
        with pytest.raises(OrderRefused, match="name of the person"):
            step(brought_to(status, machine), replace(WISHES[action], person=" "), machine.moment, machine.times)


@pytest.mark.parametrize("status", Status)
def test_a_sensor_moves_to_the_re_check_and_back_but_never_closes(status: Status) -> None:
    machine = Machine()
    before = brought_to(status, machine)
    recovered = sensed.recovered(before, machine.moment)
    assert (recovered.status, recovered.failing) == (RECOVERED[status], False)
    assert recovered.reopened == before.reopened
    failed = sensed.failed_again(before, machine.moment)
    assert (failed.status, failed.failing) == (FAILED[status], True)
    assert failed.reopened == before.reopened + (status in (AWAITING, CLOSED))
    assert failed.closed_at is None


def test_what_fails_again_before_anybody_had_it_is_open_again() -> None:
    machine = Machine()
    waiting = sensed.recovered(hazard(machine.moment), machine.moment)
    assert waiting.status is AWAITING
    assert sensed.failed_again(waiting, machine.moment).status is OPEN


@pytest.mark.parametrize(("status", "action"), [(RECTIFYING, "done"), (AWAITING, "accept")])
def test_while_its_sensor_fails_it_is_neither_done_nor_accepted(status: Status, action: Action) -> None:
    machine = Machine()
    failing = replace(brought_to(status, machine), failing=True)
    with pytest.raises(OrderRefused, match="has not recovered: smoke-1"):
        step(failing, WISHES[action], machine.moment, machine.times)


def test_rejecting_counts_and_needs_a_reason_that_whoever_mends_it_can_read() -> None:
    machine = Machine()
    waiting = brought_to(AWAITING, machine)
    with pytest.raises(OrderRefused, match="say why"):
        step(waiting, Wish("reject", "李主任"), machine.moment, machine.times)
    back = step(waiting, WISHES["reject"], machine.moment, machine.times)
    assert (back.reopened, back.steps[-1].text) == (1, "未修好")
    again = step(back, Wish("assign", "李主任", to="王"), machine.moment, machine.times)
    again = step(brought_to(AWAITING, machine, again), WISHES["reject"], machine.moment, machine.times)
    assert again.reopened == 2


def test_closing_names_who_looked_again_and_reopening_forgets_it() -> None:
    machine = Machine()
    closed = brought_to(CLOSED, machine)
    assert (closed.closed_by, closed.closed_at) == ("李主任", machine.moment)
    assert sensed.failed_again(closed, machine.moment).closed_by == ""


def test_a_grade_is_raised_by_a_person_and_never_lowered() -> None:
    machine = Machine()
    general = hazard(machine.moment)
    raised = step(general, replace(WISHES["assign"], grade="major"), machine.moment, machine.times)
    assert (raised.facts.grade, raised.facts.colour) == ("major", "red")
    with pytest.raises(OrderRefused, match="never lowered"):
        step(raised, replace(WISHES["assign"], grade="general"), machine.moment, machine.times)
    assert step(raised, WISHES["assign"], machine.moment, machine.times).facts.grade == "major"


def test_assigning_keeps_what_it_does_not_say_and_refuses_a_deadline_that_is_past() -> None:
    machine = Machine()
    wish = replace(WISHES["assign"], measure="换探测器", funds="500元", by_utc_s=machine.now.utc_s + 60)
    first = step(hazard(machine.moment), wish, machine.moment, machine.times)
    second = step(first, Wish("assign", "李主任", to="赵师傅"), machine.moment, machine.times)
    assert (second.duties.person, second.duties.measure, second.duties.funds) == ("赵师傅", "换探测器", "500元")
    assert second.deadline == first.deadline
    with pytest.raises(OrderRefused, match="past already"):
        step(first, replace(wish, by_utc_s=machine.now.utc_s - 1), machine.moment, machine.times)
    with pytest.raises(OrderRefused, match="to whom"):
        step(first, Wish("assign", "李主任"), machine.moment, machine.times)


def test_a_photo_is_a_plain_reference_and_a_note_without_anything_is_none() -> None:
    machine = Machine()
    noted = step(
        hazard(machine.moment),
        Wish("note", "张", evidence=(("photo", "disk/1.jpg"),)),
        machine.moment,
        machine.times,
    )
    assert (noted.evidence[-1].sort, noted.evidence[-1].ref) == ("photo", "disk/1.jpg")
    with pytest.raises(OrderRefused, match="a text or a reference"):
        step(noted, Wish("note", "张"), machine.moment, machine.times)


def test_of_a_hazard_that_is_noted_for_ever_the_first_step_and_the_newest_are_kept() -> None:
    machine = Machine()
    it = hazard(machine.moment, facts=replace(FACTS, source="report", rule="", subject=""))
    for number in range(3 * STEPS_MOST):
        wish = Wish("note", "张", reason=str(number), evidence=(("photo", str(number)),))
        it = step(it, wish, machine.moment, machine.times)
    assert len(it.steps) == STEPS_MOST
    assert it.steps[0].action == "open"
    assert it.steps[-1].text == str(3 * STEPS_MOST - 1)
    assert len(it.evidence) == EVIDENCE_MOST
