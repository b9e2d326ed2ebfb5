"""Free ports on the loopback address that stay free enough to be used again after a restart."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from node.localnet.errors import LocalnetError

LOOPBACK: Final = "127.0.0.1"
LOWEST: Final = 10_000
# Linux hands out ports from here on to outgoing connections; one of ours could be taken while its node restarts.
EPHEMERAL_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
USUAL_EPHEMERAL_START: Final = 32_768
ATTEMPTS_PER_PORT: Final = 50


def free_ports(count: int) -> list[int]:
    """`count` distinct ports that nobody listens on now, below the range of outgoing connections.

    Raises:
        LocalnetError: when too few can be found.
    """
    # Random, so that localnets that start at the same moment do not try the same ones.
    usable = range(LOWEST, ephemeral_start())
    candidates = random.SystemRandom().sample(usable, min(count * ATTEMPTS_PER_PORT, len(usable)))
    ports: list[int] = []
    with ExitStack() as held:
        for port in candidates:
            if len(ports) == count:
                break
            probe = held.enter_context(socket.socket())
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                # Taken: that is what is being found out.
                continue
            ports.append(port)
    if len(ports) < count:
        raise LocalnetError(f"only {len(ports)} of {count} ports could be found free on {LOOPBACK}")
    return ports


def ephemeral_start() -> int:
    """The lowest port of this machine's outgoing connections."""
    try:
        start = int(EPHEMERAL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        start = USUAL_EPHEMERAL_START
    # A machine that uses nearly all ports for them leaves no room below.
    return start if start > LOWEST + 10_000 else 65_536
