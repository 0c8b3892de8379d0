"""How one effect goes on: idle, pending, active, latched, spent or blocked. Pure; `now_s` is loop time."""

from dataclasses import replace

from agent.alarms.model import Since
from agent.language import later
from agent.linkage.model import Cause, Effect, EffectMemory, State, Truth, View
from agent.linkage.truth import truth
from agent.records import Instant

SECURITY_PATIENCE_S = 60.0  # ours: what could not act by then would take by surprise whoever stands there
NOT_OPTED_IN = later("the site has not opted in")
FIRE = later("there is a fire")
FIRE_UNKNOWN = later("nobody can tell whether there is a fire")
NOT_CLEAR = later("something is under it")
CLEAR_UNKNOWN = later("nobody can tell whether something is under it")
GUARDED = later("only_if or unless says no")
GUARD_UNKNOWN = later("nobody can tell what only_if or unless asks for")
TOO_LATE = later("it could not act in time")
ACTED = later("it has acted; its cause must go and come again")


def step(effect: Effect, before: EffectMemory, view: View, fire: Truth, now: Instant) -> EffectMemory:
    """What becomes of it now; `fire`: whether there is any fire, latched effects of fire included."""
    found, bar = truth(effect.cause, view), barred(effect, view, fire)
    state, why = _next(effect, before, found, bar, now.monotonic_s)
    began_s = before.began_s if _asked(before, state) else now.monotonic_s
    began_s = None if state == "idle" else began_s
    if state == before.state:
        return (
            before if (why, began_s) == (before.why, before.began_s) else replace(before, why=why, began_s=began_s)
        )
    since = Since(now.utc_s, now.clock, now.monotonic_s)
    return EffectMemory(state, now.monotonic_s, began_s, since, why, before.reset)


def barred(effect: Effect, view: View, fire: Truth) -> str:
    """Why it must not act, or empty. Only what is known bars what saves lives; anything unknown bars security."""
    if effect.priority != "security":
        return "" if _guards(effect, view) is not False else GUARDED
    if not effect.opt_in:
        return NOT_OPTED_IN
    if fire is not False:
        return FIRE if fire else FIRE_UNKNOWN
    clear = [truth(one, view) for target in effect.targets for one in target.clear]
    if not all(clear):
        return NOT_CLEAR if False in clear else CLEAR_UNKNOWN
    guards = _guards(effect, view)
    return "" if guards else GUARDED if guards is False else GUARD_UNKNOWN


def due_s(effect: Effect, memory: EffectMemory) -> float | None:
    """When to look at it again though nothing is heard."""
    if memory.state == "pending" and memory.began_s is not None:
        return memory.began_s + effect.delay_s
    if memory.state == "active" and effect.hold == "time":
        return memory.since_s + effect.for_s
    if memory.state == "blocked" and effect.priority == "security" and memory.began_s is not None:
        return memory.began_s + effect.delay_s + SECURITY_PATIENCE_S
    return None


def _guards(effect: Effect, view: View) -> Truth:
    wanted, unwanted = _of(effect.only_if, view, absent=True), _of(effect.unless, view, absent=False)
    if wanted is False or unwanted is True:
        return False
    return None if wanted is None or unwanted is None else True


def _of(cause: Cause | None, view: View, *, absent: bool) -> Truth:
    return absent if cause is None else truth(cause, view)


def _asked(before: EffectMemory, after: State) -> bool:
    """It goes on from before, so its delay and its patience do too."""
    return before.began_s is not None and (before.state != "spent" or after == "spent")


def _next(effect: Effect, before: EffectMemory, found: Truth, bar: str, now_s: float) -> tuple[State, str]:
    if before.acting:
        return _acting(effect, before, found, bar, now_s)
    if before.state == "spent":
        return ("idle", "") if found is False else ("spent", before.why)
    if not (found or (before.state == "pending" and _keeps(effect, found))):
        return "idle", ""
    state, why = _asking(effect, before, bar, now_s)
    return ("latched", why) if state == "active" and effect.hold == "reset" and not found else (state, why)


def _keeps(effect: Effect, found: Truth) -> bool:
    """A delay goes on in the dark, but of security; of what saves lives and latches it goes on to its end."""
    return effect.priority != "security" and (
        found is None or (effect.priority == "life" and effect.hold == "reset")
    )


def _asking(effect: Effect, before: EffectMemory, bar: str, now_s: float) -> tuple[State, str]:
    """Its cause is there; a security effect that fire has stopped, or that had to wait too long, is over."""
    began_s = now_s if before.began_s is None else before.began_s
    if effect.priority == "security":
        if before.state == "blocked" and before.why == FIRE and bar != FIRE:
            return "spent", FIRE
        if before.state == "blocked" and now_s >= began_s + effect.delay_s + SECURITY_PATIENCE_S:
            return "spent", TOO_LATE
    if bar:
        return "blocked", bar
    return ("active", "") if now_s >= began_s + effect.delay_s else ("pending", "")


def _acting(effect: Effect, before: EffectMemory, found: Truth, bar: str, now_s: float) -> tuple[State, str]:
    if bar and effect.priority != "life":
        return ("spent" if effect.priority == "security" else "blocked"), bar
    if effect.hold == "reset":
        return ("active" if found else "latched"), ""
    if effect.hold == "time":
        if now_s < before.since_s + effect.for_s:
            return "active", ""
        return ("idle", "") if found is False else ("spent", ACTED)
    gone = found is False or (found is None and effect.priority == "security")
    return ("idle", "") if gone else ("active", "")
