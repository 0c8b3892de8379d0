"""Says upstream when the disk begins to refuse, and when it takes records again."""

from collections.abc import Awaitable, Callable

from agent.outbox.outbox import Outbox

Report = Callable[..., Awaitable[None]]

IN_MEMORY = "the disk refuses; records are kept in memory only, until they are confirmed or it takes them"
ON_DISK = "the disk takes records again; what waited in memory is on it"


async def tell_of_storage(outbox: Outbox, report: Report) -> None:
    """For ever. The telling itself is kept wherever records are kept at that moment."""
    fault = ""
    while True:
        await outbox.moved.wait()
        outbox.moved.clear()
        if outbox.in_memory and not fault:
            fault = outbox.fault
            await report("storage.in_memory", IN_MEMORY, fault=fault)
        elif fault and not outbox.in_memory:
            await report("storage.recovered", ON_DISK, fault=fault)
            fault = ""
