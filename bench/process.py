"""What the kernel says of a running process."""

from pathlib import Path


def cpu_s(pid: int) -> float:
    """CPU time of all threads so far, from the scheduler's own nanosecond account."""
    return sum(thread_cpu_s(pid, int(task.name)) for task in Path(f"/proc/{pid}/task").iterdir())


def thread_cpu_s(pid: int, thread: int = 0) -> float:
    """CPU time of one thread so far; the main thread unless another is named."""
    return int(Path(f"/proc/{pid}/task/{thread or pid}/schedstat").read_text().split()[0]) / 1e9


def peak_rss_mb(pid: int) -> float:
    """The most memory that it ever had resident (VmHWM), in 10^6 bytes."""
    return status_kb(Path(f"/proc/{pid}/status").read_text(), "VmHWM") * 1024 / 1e6


def status_kb(status: str, key: str) -> int:
    """A row of /proc/PID/status in KiB."""
    for line in status.splitlines():
        name, _, rest = line.partition(":")
        if name == key:
            return int(rest.split()[0])
    raise KeyError(key)
