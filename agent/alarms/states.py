"""The state machine of one alarm (ISA-18.2 / IEC 62682): a table, not a tangle."""

from agent.alarms.model import State

N, U, A = State.NORMAL, State.UNACKNOWLEDGED, State.ACKNOWLEDGED
R, LU, LA = State.RETURNED, State.LATCHED_UNACKNOWLEDGED, State.LATCHED

ON_RAISE = {N: U, R: U, LU: U, LA: U}
ON_CLEAR = {U: R, A: N}
ON_CLEAR_LATCHING = {U: LU, A: LA}
ON_ACKNOWLEDGE = {U: A, R: N, LU: LA}
ON_RESET = {LU: N, LA: N, R: N}


def raised(state: State) -> State:
    """The condition is there: an alarm that had gone comes again, unacknowledged."""
    return ON_RAISE.get(state, state)


def cleared(state: State, *, latching: bool) -> State:
    """The condition has gone: a latching alarm stays until it is reset."""
    return (ON_CLEAR_LATCHING if latching else ON_CLEAR).get(state, state)


def acknowledged(state: State) -> State:
    """Somebody has seen it."""
    return ON_ACKNOWLEDGE.get(state, state)


def reset(state: State) -> State:
    """Somebody releases what was latched; while the condition is there, nothing changes."""
    return ON_RESET.get(state, state)
