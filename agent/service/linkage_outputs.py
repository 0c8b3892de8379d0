"""The outputs that linkage wishes: commanded, read back, fed back, told again. What is no longer wished rests."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from agent.linkage.answer import Switched
from agent.linkage.model import Contact, Feedback, Matrix, OutputName, OutputWish, Truth
from agent.linkage.pursuit import Became, Pursuit, begun, followed
from agent.polling.modbus_poller import ModbusPoller
from agent.polling.outputs import Want
from agent.service.line_sight import Poller
from agent.service.pipe import Pipe

UNSURE = (None, "unknown")


@dataclass(frozen=True, slots=True)
class News:
    """An output is confirmed or has become faulty, so long after it was commanded."""

    output: OutputName
    pursuit: Pursuit
    after_s: float


class LinkageOutputs:
    """One pursuit for each output that is wished."""

    def __init__(self, pipe: Pipe, pollers: Iterable[Poller]) -> None:
        self._pipe = pipe
        self._pollers = {unit: one for one in pollers if isinstance(one, ModbusPoller) for unit in one.devices}
        self._pursued: dict[OutputName, Pursuit] = {}
        self._impossible: dict[OutputName, str] = {}
        self._orders = 0

    def wish(self, wishes: Mapping[OutputName, OutputWish], now_s: float) -> list[News]:
        """From now on these and no others; what rests is told first, then what saves lives."""
        for output in self._pursued.keys() - wishes.keys():
            self._rest(output, self._pursued.pop(output).wish)
        news = [
            self._pursue(output, wish, now_s)
            for output, wish in sorted(wishes.items(), key=lambda item: item[1].priority != "life")
        ]
        return [one for one in news if one is not None]

    def fall(self, outputs: Iterable[OutputName]) -> None:
        """What an earlier run may have left on is told off, and known to be off before its opposite is on."""
        for unit, point in outputs:
            with contextlib.suppress(KeyError, ValueError):
                self._pollers[unit].want(unit, point, Want(False))

    @property
    def due_s(self) -> float | None:
        """When to look again though nothing is heard."""
        return min((one.due_s for one in self._pursued.values() if one.due_s is not None), default=None)

    @property
    def faults(self) -> int:
        """Outputs that must be taken for not as they are wished."""
        return sum(bool(one.fault) for one in self._pursued.values())

    def switched(self) -> dict[OutputName, Switched]:
        """What became of each."""
        return {name: Switched(True, one.confirmed, one.fault) for name, one in self._pursued.items()}

    # --- inside -------------------------------------------------------------------------------------

    def _pursue(self, output: OutputName, wish: OutputWish, now_s: float) -> News | None:
        before = self._pursued.get(output)
        if before is None or _orders(before.wish) != _orders(wish):
            before = begun(wish, self._next(), now_s)
            self._command(output, before)
        after = followed(before, self._became(output, wish.feedback), self._orders + 1, now_s)
        if after.order != before.order:
            self._next()
            self._command(output, after)
        self._pursued[output] = after
        if (after.confirmed, bool(after.fault)) == (before.confirmed, bool(before.fault)):
            return None
        return News(output, after, now_s - before.since_s) if after.confirmed or after.fault else None

    def _next(self) -> int:
        self._orders += 1
        return self._orders

    def _command(self, output: OutputName, pursuit: Pursuit) -> None:
        wish = pursuit.wish
        once = pursuit.order if wish.one_shot else 0
        want = Want(wish.value, wish.pulse_s, once, wish.priority == "life", wish.opposites)
        self._impossible.pop(output, None)
        try:
            self._pollers[output[0]].want(*output, want)
        except (KeyError, ValueError) as error:
            self._impossible[output] = f"it cannot be told so: {error}"

    def _rest(self, output: OutputName, wish: OutputWish) -> None:
        """A relay that was held falls; one that was switched off stays so: nothing is switched on by an end."""
        if (poller := self._pollers.get(output[0])) is None or output in self._impossible:
            return
        if wish.value and not wish.one_shot:
            poller.want(*output, Want(False))
        else:
            poller.let_go(*output)

    def _became(self, output: OutputName, feedback: Feedback | None) -> Became:
        if output in self._impossible:
            return Became(False, self._impossible[output], None)
        switches = self._pollers[output[0]].switches
        fault = switches.fault(*output)
        return Became(
            switches.done(*output) and not fault, fault or switches.cause(*output), self._fed_back(feedback)
        )

    def _fed_back(self, feedback: Feedback | None) -> Truth:
        if feedback is None:
            return True
        if feedback.contact is not None:
            seen = contact(self._pipe, feedback.contact)
            return None if seen is None else seen is feedback.contact.value
        moved = self._pipe.latest(feedback.device).motion
        lost = self._pipe.devices[feedback.device].units & self._pipe.lost.keys()
        return None if moved in UNSURE or lost else moved == feedback.motion


def pressing(matrix: Matrix) -> Iterator[OutputName]:
    """The closing outputs that nobody but the gateway ends."""
    targets = (target for effect in matrix.effects for target in effect.targets)
    yield from (target.output for target in targets if target.moves == "closes" and not target.one_shot)


def contact(pipe: Pipe, wanted: Contact) -> Truth:
    """How the point reads; None where it cannot be believed."""
    seen = pipe.table.unit(wanted.unit).get(wanted.point)
    return seen.value if seen is not None and seen.good and isinstance(seen.value, bool) else None


def _orders(wish: OutputWish) -> tuple[bool, float | None, bool, bool]:
    """What of a wish is told to the output; another effect that wants the same changes nothing."""
    return wish.value, wish.pulse_s, wish.one_shot, wish.priority == "life"
