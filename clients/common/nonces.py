"""Nonces: each given once in a key's life, never too far ahead of those still open."""

from __future__ import annotations

import asyncio
from typing import Final

from clients.common.state_file import StateFile

# Reserved on disk at a time. What a crash leaves unused stays a gap, which the chain allows.
BLOCK: Final = 64
# The chain remembers the 128 nonces up to the highest; one further behind could never be used.
MAX_AHEAD: Final = 100


class NonceSource:
    """The nonces of one account."""

    def __init__(self, state: StateFile, address: bytes, first: int) -> None:
        """Use `open`."""
        self._state = state
        self._address = address
        self._next = first
        self._reserved_to = first
        self._unresolved: set[int] = set()
        self._order = asyncio.Lock()
        self._freed = asyncio.Event()

    @classmethod
    async def open(cls, state: StateFile, address: bytes, highest_on_chain: int) -> NonceSource:
        """The source of an account that goes on where the file, or else the chain, left off."""
        rows = await state.read("SELECT reserved_to FROM nonces WHERE address = ?", address)
        stored = rows[0][0] if rows else 1
        return cls(state, address, max(stored, highest_on_chain + 1))

    def hold(self, nonce: int) -> None:
        """An earlier process gave this nonce, and it is not resolved."""
        self._unresolved.add(nonce)

    async def take(self) -> int:
        """A nonce that nobody had before; waits while too many older ones are unresolved."""
        async with self._order:
            while self._unresolved and self._next - min(self._unresolved) > MAX_AHEAD:
                self._freed.clear()
                await self._freed.wait()
            if self._next >= self._reserved_to:
                reserved_to = self._next + BLOCK
                sql = "INSERT OR REPLACE INTO nonces (address, reserved_to) VALUES (?, ?)"
                await self._state.write((sql, (self._address, reserved_to)))
                self._reserved_to = reserved_to
            nonce, self._next = self._next, self._next + 1
            self._unresolved.add(nonce)
            return nonce

    def resolve(self, nonce: int) -> None:
        """A nonce is used, or never will be."""
        self._unresolved.discard(nonce)
        self._freed.set()
