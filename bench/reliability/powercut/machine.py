"""A machine that can lose its power: QEMU on a disk whose cache is nbdkit's, and the word that gets out of it."""

import asyncio
import os
import random
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError, Missing
from bench.reliability.powercut.image import Image
from bench.reliability.powercut.volatile import Remains, power_cut
from simulators.leash import leashed

PLUGIN = Path(__file__).with_name("nbdkit_disk.py")
DISK_BYTES = 128 * 1024 * 1024
MKFS = ("mke2fs", "-q", "-t", "ext4", "-E", "lazy_itable_init=0,lazy_journal_init=0")
KERNEL = "console=ttyS0 net.ifnames=0 quiet audit=0 mitigations=off panic=-1"
START_S = 10.0
IN_WRITE_S = 5.0  # alarms come many a second: within this time the cache holds something
POLL_S = 0.0005
NEEDED = {
    "qemu-system-x86_64": "qemu-system-x86",
    "nbdkit": "nbdkit nbdkit-plugin-python",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "mosquitto": "mosquitto",
}
PATHS = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"


def program(name: str) -> str:
    """Where it is; raises Missing with what to install."""
    if (found := shutil.which(name, path=PATHS)) is None:
        raise Missing(f"not here: {name} (apt install {NEEDED[name]})")
    return found


def accelerator() -> str:
    """KVM where the processor has what Debian's kernel needs to be a guest as it is; else QEMU translates.

    A /dev/kvm alone does not say so: with KVM_PVM only kernels that know of it start.
    """
    flags = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    virtual = flags is not None and {"vmx", "svm"} & set(flags[1].split())
    return "kvm" if virtual and os.access("/dev/kvm", os.R_OK | os.W_OK) else "tcg"


@dataclass(frozen=True, slots=True)
class Disk:
    """The image, and the files that tell of it, in one directory."""

    directory: Path

    @property
    def image(self) -> Path:
        """What is on the disk for good."""
        return self.directory / "disk.img"

    @property
    def log(self) -> Path:
        """What is in its cache."""
        return self.directory / "cache.log"

    @property
    def after_cut(self) -> Path:
        """What was on it after the last cut, before anything started from it."""
        return self.directory / "after-cut.img"

    def make(self) -> None:
        """A new, empty file system, of the settings that boards have."""
        self.directory.mkdir(parents=True)
        with self.image.open("wb") as file:
            file.truncate(DISK_BYTES)
        subprocess.run([program(MKFS[0]), *MKFS[1:], str(self.image)], check=True, stdin=subprocess.DEVNULL)

    def cached_bytes(self) -> int:
        """How much waits in the cache."""
        return self.log.stat().st_size if self.log.exists() else 0


class Machine:
    """One boot, from power on to power off; `said` holds what the gateway said, `console` what the kernel did."""

    def __init__(self, image: Image, disk: Disk, number: int) -> None:
        self.said = disk.directory / f"said-{number}"
        self.console = disk.directory / f"console-{number}"
        self._image = image
        self._disk = disk
        self._socket = disk.directory / "nbd.socket"
        self._errors = disk.directory / f"errors-{number}"
        self._cache: asyncio.subprocess.Process | None = None
        self._machine: asyncio.subprocess.Process | None = None

    async def start(self, environment: Mapping[str, str]) -> None:
        """Power on; raises BenchError when disk or machine do not even start."""
        self._socket.unlink(missing_ok=True)
        self._cache = await self._run(self._nbdkit())
        await self._listening()
        self._machine = await self._run(self._qemu(environment))

    async def cut(self, dice: random.Random) -> Remains:
        """The power goes while the cache holds something, if it does within a while."""
        assert self._cache is not None
        assert self._machine is not None
        await self._in_a_write(self._cache)
        for process in (self._machine, self._cache):  # in this order it sees no disk that refuses
            process.kill()
        await self.off()
        return power_cut(self._disk.image, self._disk.log, dice)

    async def off(self) -> None:
        """Away with what still runs."""
        for process in (self._cache, self._machine):
            if process is not None and process.returncode is None:
                process.kill()
                await process.wait()

    @property
    def ended(self) -> str:
        """Why it is off, if it is."""
        for name, process in (("disk", self._cache), ("machine", self._machine)):
            if process is not None and process.returncode is not None:
                return f"the {name} has ended: {self._errors.read_text()[-500:]}"
        return ""

    async def _in_a_write(self, cache: asyncio.subprocess.Process) -> None:
        """Freeze the disk at an instant at which its cache is not empty."""
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + IN_WRITE_S
        while loop.time() < ends_s:
            if self._disk.cached_bytes():
                cache.send_signal(signal.SIGSTOP)
                if self._disk.cached_bytes():
                    return
                cache.send_signal(signal.SIGCONT)
            await asyncio.sleep(POLL_S)

    async def _listening(self) -> None:
        try:
            async with asyncio.timeout(START_S):
                while not self._socket.exists() and not self.ended:
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise BenchError("nbdkit does not listen") from None
        if self.ended:
            raise BenchError(self.ended)

    async def _run(self, command: list[str]) -> asyncio.subprocess.Process:
        with self._errors.open("ab") as errors:
            return await asyncio.create_subprocess_exec(
                *leashed(command), stdin=asyncio.subprocess.DEVNULL, stdout=errors, stderr=errors
            )

    def _nbdkit(self) -> list[str]:
        server = [program("nbdkit"), "--foreground", "--unix", str(self._socket), "python", str(PLUGIN)]
        return [*server, f"image={self._disk.image}", f"log={self._disk.log}"]

    def _qemu(self, environment: Mapping[str, str]) -> list[str]:
        given = " ".join(f"{name}={value}" for name, value in environment.items())
        faster = "tcg,thread=multi,tb-size=256" if accelerator() == "tcg" else accelerator()
        return [
            *(program("qemu-system-x86_64"), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
            *("-accel", faster, "-m", "384", "-smp", "2"),
            *("-kernel", str(self._image.kernel), "-initrd", str(self._image.files)),
            *("-append", f"{KERNEL} {given}"),
            *("-drive", f"file=nbd+unix:///?socket={self._socket},format=raw,if=virtio,cache=writeback"),
            *("-netdev", "user,id=outside", "-device", "virtio-net-pci,netdev=outside,romfile="),
            *("-chardev", f"file,id=said,path={self.said}"),
            *("-device", "virtio-serial-pci", "-device", "virtserialport,chardev=said"),
            *("-serial", f"file:{self.console}"),
        ]
