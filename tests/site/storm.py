"""A seed's story: things happen in the field while lines, devices, broker, disk, clock and process misbehave.

Everything that happens is noted as truth; every fault is noted as trouble of whom it hits, and ends by itself.
"""

import asyncio
from collections.abc import Callable

from simulators.twin_broker import TwinBroker
from tests.site.books import BARRIER, CONTACTS, FAULT_S, PANELS, Books, Contact
from tests.site.track import Trouble

ROUGH_S = 60.0
READY_S = 5.0  # a printer's line that nobody listens to is gone
CALM_S = 50.0
PAUSE_S = 1.6  # from one thing to the next, on average
TRAVEL_S = 1.5
LATE_S = (0.31, 0.55)  # after the time-out of 0.3 s, within the guard window of as much again

BeginEnd = tuple[Callable[[], object], Callable[[], object]]


class Storm(Books):
    """Draws what happens next from the methods whose names begin with `do_` and `fault_`."""

    async def rage(self) -> None:
        """Rough weather, then calm."""
        ends_s = self._now + ROUGH_S
        menu = [getattr(self, name) for name in sorted(dir(self)) if name.startswith(("do_", "fault_"))]
        self._confirmations_suffer(True)
        while self._now < ends_s:
            await asyncio.sleep(self._dice.expovariate(1 / PAUSE_S))
            self._dice.choice(menu)()
            self.school.twin.check()
        if self._running:
            await asyncio.wait(self._running)
        self._confirmations_suffer(False)
        await asyncio.sleep(READY_S)
        for unit in PANELS:
            self._reset(unit)
        await asyncio.sleep(CALM_S)

    def _confirmations_suffer(self, bad: bool) -> None:
        if self.school.way_back is not None:
            self.school.way_back.bad = bad

    # --- what happens -------------------------------------------------------------------------------

    def do_contact(self) -> None:
        self._turn(self._dice.choice(CONTACTS))

    def _turn(self, contact: Contact) -> None:
        steps = self.truth[contact.device, contact.condition]
        steps.put(self._now, not steps.last)
        self.school.field.set(contact.point, contact.there if steps.last else contact.away)
        self._note(f"{contact.device} {contact.condition} {steps.last}")

    do_contact_again = do_contact_once_more = do_contact

    def do_barrier(self) -> None:
        """Somebody forces the barrier."""
        self._for_a_while("barrier", self._barrier)

    async def _barrier(self) -> None:
        """Forced open and let down again, with the arm on its way for a while."""
        self.truth[BARRIER].put(self._now, True)
        await self._travel("gate-io.di4", "gate-io.di3")
        await asyncio.sleep(self._dice.uniform(2.0, 10.0))
        await self._travel("gate-io.di3", "gate-io.di4")
        self.truth[BARRIER].put(self._now, False)

    async def _travel(self, left: str, reached: str) -> None:
        self._note(f"barrier leaves {left}")
        self.school.field.set(left, False)
        await asyncio.sleep(TRAVEL_S)
        self.school.field.set(reached, True)

    def do_panel(self) -> None:
        unit = self._dice.choice(sorted(PANELS))
        device, addresses = PANELS[unit]
        address = self._dice.choice(addresses)
        self._note(f"{device} {address} fire")
        self.truth[device, f"{address}/fire"].put(self._now, True)
        self.school.field.panel(unit).say(address, "fire")

    def do_panel_reset(self) -> None:
        self._reset(self._dice.choice(sorted(PANELS)))

    def _reset(self, unit: str) -> None:
        device, addresses = PANELS[unit]
        self._note(f"{device} reset")
        for address in addresses:
            self.truth[device, f"{address}/fire"].put(self._now, False)
        self.school.field.panel(unit).reset()

    # --- what goes wrong ----------------------------------------------------------------------------

    def fault_unplugged(self) -> None:
        unit = self._dice.choice(sorted(self.units))
        field = self.school.field
        self._fault(f"unplugged {unit}", [unit], lambda: field.unplug(unit), lambda: field.plug(unit), silent=True)

    def fault_port_vanished(self) -> None:
        line = self._dice.choice(("rs485-1", "rs485-1", "tcp-1", "panel-1", "panel-2", "panel-3"))
        field = self.school.field
        self._fault(
            f"vanished {line}",
            self._on(line),
            lambda: field.vanish(line),
            lambda: field.restore(line),
            silent=True,
        )

    def fault_line(self) -> None:
        """Broken-off, repeated or foreign replies: a part of the frames on a line."""
        line = self._dice.choice(("rs485-1", "tcp-1"))
        self._bad_frames(line, self._dice.choice(("truncated", "duplicated", "wrong_unit")))

    def fault_noise(self) -> None:
        self._bad_frames("rs485-1", "noise")

    def _bad_frames(self, line: str, what: str) -> None:
        faults, rate = self.school.field.line(line).faults, self._dice.uniform(0.1, 0.9)
        self._fault(
            f"{what} on {line}",
            self._on(line),
            lambda: setattr(faults, what, rate),
            lambda: setattr(faults, what, 0.0),
        )

    def fault_late(self) -> None:
        """Replies of one unit come after their time; two that talk at once hit the neighbours too."""
        unit = self._dice.choice(("smoke-301", "smoke-302", "smoke-302", "gate-io"))
        self._late(unit, self._dice.uniform(*LATE_S))

    def fault_late_tcp(self) -> None:
        """There a reply may be as late as it likes: its transaction id tells it from others."""
        self._late("dorm-io", self._dice.uniform(2.0, 5.0))
        self._for_a_while("restless", self._restless)

    async def _restless(self) -> None:
        """Somebody presses again and again, as nobody comes."""
        (button,) = (contact for contact in CONTACTS if contact.unit == "dorm-io")
        for _ in range(self._dice.randint(2, 6)):
            self._turn(button)
            await asyncio.sleep(self._dice.uniform(0.8, 3.0))

    def _late(self, unit: str, late_s: float) -> None:
        field = self.school.field
        on_line = self._on(self.units[unit])
        self._fault(f"late {unit}", on_line, lambda: field.late(unit, late_s), lambda: field.late(unit, 0.0))

    def fault_broker(self) -> None:
        fault = self._bad(self.school.broker)
        self._for_a_while("broker", lambda: self._bad_way("broker", self.broker, fault, self._lasts_s()))

    fault_broker_again = fault_broker

    def _lasts_s(self) -> float:
        return self._dice.uniform(*FAULT_S)

    def _bad(self, broker: TwinBroker) -> BeginEnd:
        """Something that befalls a broker or the link to it, and how it ends."""
        return self._dice.choice(
            (
                (broker.stop, broker.start),
                (broker.stop, lambda: broker.start(forgetful=True)),
                (broker.cut, broker.mend),
                (broker.drop, broker.drop),
                (lambda: setattr(broker, "confirms", False), lambda: setattr(broker, "confirms", True)),
                (lambda: setattr(broker, "way_s", 0.6), lambda: setattr(broker, "way_s", 0.005)),
                (lambda: setattr(broker, "login_code", 0x87), lambda: setattr(broker, "login_code", 0)),
            )
        )

    async def _bad_way(self, words: str, book: Trouble, fault: BeginEnd, lasts_s: float) -> None:
        begin, end = fault
        self._note(f"{words} fault begins")
        book.begin(self._now)
        begin()
        await asyncio.sleep(lasts_s)
        end()
        book.end(self._now)
        self._note(f"{words} fault ends")

    def fault_killed(self) -> None:
        self._for_a_while("process", self._killed)

    async def _killed(self) -> None:
        self._note("killed")
        self.process.begin(self._now)
        await self.school.twin.kill()
        await asyncio.sleep(self._dice.uniform(0.2, 4.0))
        self.school.start()
        self.process.end(self._now)
        self._note("started again")

    def fault_stopped(self) -> None:
        """An update: stopped as systemd does, started again."""
        self._for_a_while("process", self._stopped)

    async def _stopped(self) -> None:
        self._note("stopped")
        self.process.begin(self._now)
        await self.school.twin.stop()
        await asyncio.sleep(self._dice.uniform(0.2, 4.0))
        self.school.start()
        self.process.end(self._now)
        self._note("started again")

    def fault_disk(self) -> None:
        self._for_a_while("disk", self._bad_disk)

    async def _bad_disk(self) -> None:
        self._note("disk refuses")
        self.disk.begin(self._now)
        self.school.twin.disk.refuses = "disk I/O error"
        await asyncio.sleep(self._dice.uniform(0.5, 6.0))
        self.school.twin.disk.refuses = ""
        self.disk.end(self._now)
        self._note("disk is good again")

    def fault_clock(self) -> None:
        clock = self.school.twin.clock
        clock.jump_s = self._dice.choice((-86400.0, -3.0, 0.0, 2.0, 7 * 86400.0))
        clock.state = self._dice.choice(("synchronised", "estimated", "unknown"))
        self.clocks.append((self._now, clock.state, clock.jump_s))
        self._note(f"clock {clock.jump_s:+g} s, {clock.state}")
