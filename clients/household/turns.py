"""Whose turn it is in an agent of many homes: signals of control are answered before plans go on."""

from __future__ import annotations

import asyncio
import math

# What comes from broker or gateway is passed on in a few steps of the loop.
_STEPS = 10
# An answer is done when its inverter has said so.
_ANSWERING_SECONDS = 0.2


class Turns:
    """Planning takes a moment a home, in which nothing else goes on; between two homes it lets others have a turn."""

    def __init__(self) -> None:
        self._asked_at_s = -math.inf
        self._left_s = 0.0

    def begin(self, most_s: float) -> None:
        """Planning begins; it waits for homes' answers so many seconds at most, all together."""
        self._left_s = most_s

    def asked(self) -> None:
        """A home is answering a signal."""
        self._asked_at_s = asyncio.get_running_loop().time()

    async def others(self) -> None:
        """Let results, messages and signals in, and wait until homes that are asked for a flow have answered."""
        for _ in range(_STEPS):
            await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        while (wait_s := min(self._asked_at_s + _ANSWERING_SECONDS - loop.time(), self._left_s)) > 0:
            self._left_s -= wait_s
            await asyncio.sleep(wait_s)
