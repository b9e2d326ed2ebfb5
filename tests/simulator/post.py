"""How transactions reach the instances: late, out of order, twice, or not at all."""

from __future__ import annotations

from random import Random

# Of a hundred letters so many are lost, come twice, or wait for a later block.
_LOST, _TWICE, _LATE = 2, 3, 6
_LONGEST_WAIT_BLOCKS = 4


class Post:
    """Letters on their way to one instance."""

    def __init__(self) -> None:
        self._waiting: dict[int, list[bytes]] = {}

    def take(self, random: Random, height: int, tx: bytes) -> None:
        """A letter for this instance, posted at a height."""
        fate = random.randrange(100)
        if fate < _LOST:
            return
        arrives = height + random.randint(1, _LONGEST_WAIT_BLOCKS) if fate < _LOST + _LATE else height
        self._waiting.setdefault(arrives, []).append(tx)
        if fate >= 100 - _TWICE:
            self._waiting.setdefault(height + random.randint(0, 2), []).append(tx)

    def arrivals(self, random: Random, height: int) -> list[bytes]:
        """What arrives by a height; now and then in any order."""
        come = [tx for due in sorted(self._waiting) if due <= height for tx in self._waiting[due]]
        self._waiting = {due: txs for due, txs in self._waiting.items() if due > height}
        if random.random() < 0.15:
            random.shuffle(come)
        return come
