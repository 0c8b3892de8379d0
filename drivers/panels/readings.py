"""How the words of panels become readings; one small vocabulary for all protocols."""

from drivers.reading import Quality, Reading

RESET = Reading("*/*", False)


def says(address: str, condition: str, active: bool, text: str = "") -> Reading:
    """The panel says that this address has, or no longer has, this condition."""
    return Reading(f"{address}/{condition}", active, text=text)


def over(*conditions: str) -> list[Reading]:
    """No address has these conditions any more."""
    return [Reading(f"*/{condition}", False) for condition in conditions]


def unknown(address: str, cause: str, text: str = "") -> Reading:
    """Something was said that nobody here understands: no alarm, and no silence either."""
    return Reading(f"{address}/unknown", True, Quality.BAD, cause, text)
