"""`python -m simulators.leash PARENT PROGRAM …` becomes that program, and the kernel ends it with its parent.

Also after SIGKILL, when the parent itself can put nothing away. Linux only, as is the gateway.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h; holds over exec


def leashed(command: list[str]) -> list[str]:
    """The command line that runs `command` as a process which ends with this one."""
    return [sys.executable, "-m", "simulators.leash", str(os.getpid()), *command]


def become(parent: int, command: list[str]) -> None:
    """Ask the kernel for SIGTERM at the parent's end, and run the command in this process."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit("whoever started this has ended before")
    os.execv(command[0], command)


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2:])
