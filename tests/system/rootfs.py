"""A Debian root file system with systemd, and the wheels to install in it; both kept in a cache."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "campusgw"
PACKAGES = ("systemd", "systemd-sysv", "udev", "dbus", "python3", "python3-venv", "ca-certificates")
UNWANTED_UNITS = ("systemd-networkd-wait-online.service", "systemd-timesyncd.service", "apt-daily.timer")


def build_rootfs() -> Path:
    """The cached root file system of this machine's own Debian release; built when absent (about a minute)."""
    sources = apt_sources()
    wanted = "\n".join([codename(), *PACKAGES, *(path.read_text() for path in sources)])
    root = CACHE / f"rootfs-{codename()}-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"
    if root.exists():
        return root
    making = root.with_name(f"{root.name}.{os.getpid()}")
    try:
        _bootstrap(making, sources)
        for unit in UNWANTED_UNITS:
            (making / "etc/systemd/system" / unit).symlink_to("/dev/null")
        making.rename(root)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return root


def _bootstrap(target: Path, sources: list[Path]) -> None:
    """Run mmdebstrap with the mirror, keys and proxy of the machine's own apt."""
    CACHE.mkdir(parents=True, exist_ok=True)
    settings = target.with_suffix(".apt.conf")
    settings.write_text(apt_acquire())
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    command += [f"--aptopt={settings}", "--aptopt=Apt::Install-Recommends false"]
    command += ["--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*"]
    try:
        run([*command, codename(), str(target), *map(str, sources)])
    finally:
        settings.unlink()


def apt_acquire() -> str:
    """The machine's own `Acquire::` settings: proxies, certificates, whether old Release files are accepted."""
    lines = run(["apt-config", "dump"]).splitlines()
    return "\n".join(line for line in lines if line.startswith("Acquire::")) + "\n"


def apt_sources() -> list[Path]:
    """The files that say where this machine gets its Debian release from."""
    listed = sorted(Path("/etc/apt/sources.list.d").glob("*"))
    found = [Path("/etc/apt/sources.list"), *(path for path in listed if path.suffix in {".list", ".sources"})]
    return [path for path in found if path.exists() and codename() in path.read_text()]


def codename() -> str:
    """This machine's Debian release, such as `bookworm`."""
    return platform.freedesktop_os_release()["VERSION_CODENAME"]


def build_wheel(directory: Path) -> Path:
    """Build this repository's wheel."""
    run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(directory), str(REPOSITORY)])
    return next(directory.glob("campus_gateway-*.whl"))


def collect_wheels(wheel: Path, python: str) -> Path:
    """The wheel and all that it depends on, for Python `3.X` of the root file system; downloads are cached."""
    kept = CACHE / f"wheels-{python}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--implementation=cp"]
    run([*command, f"--python-version={python}", "-d", str(kept), "--find-links", str(kept), str(wheel)])
    shutil.copy(wheel, kept)
    return kept


def python_of(root: Path) -> str:
    """The root file system's own Python, as `3.11`."""
    return (root / "usr/bin/python3").readlink().name.removeprefix("python")


def run(command: list[str]) -> str:
    """Run and return the output; what it said is in the error when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout
