"""Ports that a simulation has taken for itself, also while nobody listens there."""

import socket


def claimed(port: int) -> socket.socket | None:
    """Claim a port among simulations, by a name that the kernel forgets with us; None while another has it.

    Between its being found free and somebody's listening another may find it too, and so it may while a story lets
    nobody listen there. The loser would take the winner's broker or camera, which answers there, for its own.
    """
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0campusgw-demo-{port}")
    except OSError:
        claim.close()
        return None
    return claim


class Claims:
    """All that one field has claimed."""

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def take(self, port: int) -> bool:
        """Whether it is ours from now on."""
        if (claim := claimed(port)) is None:
            return False
        self._held.append(claim)
        return True

    def release(self) -> None:
        """Others may have them."""
        while self._held:
            self._held.pop().close()
