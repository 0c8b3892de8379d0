"""`campusgw run`: the gateway itself."""

import argparse
import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from agent.language import tr, why_not

if TYPE_CHECKING:
    from agent.config.last_good import Choice
    from agent.site import Site

log = logging.getLogger(__name__)

DEFAULT_CONFIG = Path("/etc/campusgw/gateway.yaml")
EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h: a service manager need not try again
LEVELS = {logging.ERROR: "<3>", logging.WARNING: "<4>", logging.INFO: "<6>", logging.DEBUG: "<7>"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    where = tr("the configuration (default: {path})", path=DEFAULT_CONFIG)
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help=where)
    levels = ["debug", "info", "warning", "error"]
    parser.add_argument("--log-level", default="info", choices=levels, help=tr("how much to log (default: info)"))


def run(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; 78 when neither the configuration nor the last good one can be used."""
    from agent.config.last_good import choose, service_directories
    from agent.errors import ConfigError, StorageError
    from agent.service.real_host import precise_loop

    log_to_stderr(args.log_level)
    try:
        choice = choose(args.config, service_directories())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIG
    _say_refused(args.config, choice.site)
    directory = choice.site.storage.directory
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _alone(directory), asyncio.Runner(loop_factory=precise_loop) as runner:
            runner.run(_until_signalled(choice, args.config))
    except BlockingIOError:
        said = tr(
            "another gateway is running with {directory}: one directory keeps one gateway", directory=directory
        )
        print(said, file=sys.stderr)
        return 1
    except StorageError as error:
        print(tr("cannot keep records in {directory}: {error}", directory=directory, error=error), file=sys.stderr)
        return 1
    except OSError as error:
        said = tr("cannot keep records in {directory}: {error}", directory=directory, error=why_not(error))
        print(said, file=sys.stderr)
        return 1
    log.info("stopped")
    return 0


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Hold the directory; the kernel lets go however we end. Raises BlockingIOError where another one has it."""
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(held)


def _say_refused(file: Path, site: "Site") -> None:
    """The mistakes as ever, and that the school is not without a gateway for them."""
    if site.stand_in is None:
        return
    print("\n".join(site.stand_in.mistakes), file=sys.stderr)
    log.error(
        "%s is refused; going on with the last good configuration (%s). To have none started for a mistake, "
        "do `campusgw check %s` before a restart",
        file, site.config_hash[:12], file,
    )  # fmt: skip


async def _until_signalled(choice: "Choice", file: Path) -> None:
    from agent.config.last_good import keep
    from agent.service.real_host import real_host
    from agent.service.run import run_gateway

    directory = choice.site.storage.directory
    kept = None if choice.loaded is None else partial(keep, directory, file, choice.loaded)
    gateway = asyncio.create_task(run_gateway(choice.site, real_host(directory), kept))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, gateway)
    with contextlib.suppress(asyncio.CancelledError):
        await gateway


def _stop(gateway: asyncio.Task[None]) -> None:
    """Once: a second signal must not break off the goodbye and the closing of the store."""
    if not gateway.cancelling():
        log.info("stopping")
        gateway.cancel()


def log_to_stderr(level: str) -> None:
    """Log lines with the priority prefix where stderr is the journal; a terminal or file gets the time instead."""
    handler = logging.StreamHandler()
    if _is_journal(sys.stderr):
        handler.setFormatter(_JournalFormatter("%(name)s: %(message)s"))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])


def _is_journal(stream: TextIO) -> bool:
    """systemd names device and inode of what it gave as stderr (systemd.exec(5)); a redirection has others."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


class _JournalFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return LEVELS.get(record.levelno, "<6>") + super().format(record).replace("\n", "\n  ")
