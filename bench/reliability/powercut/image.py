"""The guest: Debian's kernel, and one archive that is its whole file system in memory, the gateway in it.

Only the state directory is on a disk: nothing else can be torn. Made once for each state of the sources, and kept.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError, Missing
from bench.reliability.powercut.archive import write_archive
from tests.system.rootfs import CACHE, REPOSITORY, apt_acquire, apt_sources, build_wheel, codename

GUEST = Path(__file__).parent / "guest"
PACKAGES = ("python3", "linux-image-cloud-amd64", "busybox-static", "e2fsprogs")
PACKED = ("agent", "drivers", "simulators", "configs")  # what the wheel is made of
PYTHON = "/usr/bin/python3"  # Debian's own: it is the guest's too, and compiles for it
HOME = "opt/campusgw"
UNWANTED = ("./dev/", "./usr/share/", "./usr/lib/udev/", "./lib/udev/", "./usr/lib/x86_64-linux-gnu/gconv/")
MODULES = ("virtio", "failover")


@dataclass(frozen=True, slots=True)
class Image:
    """What a machine starts from."""

    kernel: Path
    files: Path


def image() -> Image:
    """The one of these sources; made when absent (half a minute). Raises Missing or BenchError."""
    kept = CACHE / f"powercut-{_fingerprint()}"
    if not kept.exists():
        making = kept.with_name(f"{kept.name}.{os.getpid()}")
        try:
            _make(making)
            for old in CACHE.glob("powercut-*"):
                if old != making:
                    shutil.rmtree(old, ignore_errors=True)
            making.rename(kept)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return Image(kept / "vmlinuz", kept / "files.cpio")


def _fingerprint() -> str:
    """Of everything that goes in."""
    found = hashlib.sha256(f"{codename()} {PACKAGES}".encode())
    for path in [*apt_sources(), Path(__file__), REPOSITORY / "pyproject.toml", *_sources()]:
        found.update(str(path).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:12]


def _sources() -> Iterator[Path]:
    for top in (*(REPOSITORY / name for name in PACKED), GUEST):
        yield from sorted(p for p in top.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def _make(into: Path) -> None:
    into.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        debian, root = Path(scratch) / "debian.tar", Path(scratch) / "root"
        _bootstrap(debian)
        with tarfile.open(debian) as archive:
            archive.extractall(root, [m for m in archive if _wanted(m)], filter="tar")
        (kernel,) = root.glob("boot/vmlinuz-*")
        kernel.rename(into / "vmlinuz")
        shutil.rmtree(root / "boot")
        _install(root, Path(scratch))
        with (into / "files.cpio").open("wb") as files:
            write_archive(root, files)


def _bootstrap(tar: Path) -> None:
    """Debian's packages, unpacked and not set up: nothing of them runs but Python, ext4 and a shell."""
    settings = tar.with_suffix(".apt.conf")
    settings.write_text(apt_acquire())
    command = ["mmdebstrap", "--quiet", "--variant=extract", f"--include={','.join(PACKAGES)}"]
    command += [f"--aptopt={settings}", "--aptopt=Apt::Install-Recommends false"]
    _run([*command, codename(), str(tar), *map(str, apt_sources())])


def _wanted(member: tarfile.TarInfo) -> bool:
    if "/modules/" in member.name and member.isfile():
        return any(word in Path(member.name).name for word in MODULES)
    return not member.isdev() and not f"{member.name}/".startswith(UNWANTED)


def _install(root: Path, scratch: Path) -> None:
    """The wheel and what it needs, by pip, in a virtual environment such as packaging/install.sh makes."""
    name = (root / "usr/bin/python3").readlink().name
    home = root / HOME
    packages = home / "lib" / name / "site-packages"
    (home / "bin").mkdir(parents=True)
    (home / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    (home / "bin" / "python3").symlink_to("/usr/bin/python3")
    fitting = [f"--python-version={name.removeprefix('python')}", "--implementation=cp", "--only-binary=:all:"]
    wheel = str(build_wheel(scratch))
    _run([sys.executable, "-m", "pip", "install", "--quiet", *fitting, f"--target={packages}", wheel])
    (packages / "share").rename(home / "share")
    for path in GUEST.iterdir():
        shutil.copy(path, root)
    (root / "init").chmod(0o755)
    _compile(name, root)


def _compile(name: str, root: Path) -> None:
    """Everything at once: the guest forgets at each cut what it would compile."""
    if not Path(PYTHON).exists() or Path(PYTHON).resolve().name != name:
        raise Missing(f"the guest's Python, {name}, is not here: apt install python3")
    trees = [str(root / "usr/lib" / name), str(root / HOME)]
    _run([PYTHON, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(root), *trees])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise BenchError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
