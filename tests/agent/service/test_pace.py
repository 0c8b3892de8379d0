"""How often something may happen."""

from agent.service.pace import Pace


def test_so_many_at_once_and_then_so_many_a_second() -> None:
    pace = Pace(3, 0.5)
    assert [pace.allows(100.0) for _ in range(5)] == [True, True, True, False, False]
    assert not pace.allows(101.0)
    assert pace.allows(102.1)
    assert [pace.allows(1000.0) for _ in range(4)] == [True, True, True, False], "it never saves up more"
