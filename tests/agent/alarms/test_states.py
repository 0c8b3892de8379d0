"""The state machine of ISA-18.2, every state by every event."""

import pytest

from agent.alarms.model import State
from agent.alarms.states import acknowledged, cleared, raised, reset

N, U, A = State.NORMAL, State.UNACKNOWLEDGED, State.ACKNOWLEDGED
R, LU, LA = State.RETURNED, State.LATCHED_UNACKNOWLEDGED, State.LATCHED

# state: raised, cleared, cleared when latching, acknowledged, reset
TABLE = {
    N: (U, N, N, N, N),
    U: (U, R, LU, A, U),
    A: (A, N, LA, A, A),
    R: (U, R, R, N, N),
    LU: (U, LU, LU, LA, N),
    LA: (U, LA, LA, LA, N),
}


def test_the_table_has_every_state() -> None:
    assert set(TABLE) == set(State)


@pytest.mark.parametrize("state", State)
def test_each_event_leads_where_the_standard_says(state: State) -> None:
    found = (
        raised(state),
        cleared(state, latching=False),
        cleared(state, latching=True),
        acknowledged(state),
        reset(state),
    )
    assert found == TABLE[state]


@pytest.mark.parametrize("state", State)
def test_only_two_states_are_active_and_three_need_no_acknowledgement(state: State) -> None:
    assert state.active == (state in (U, A))
    assert state.acknowledged == (state in (N, A, LA))
