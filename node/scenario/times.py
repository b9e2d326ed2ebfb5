"""When a block is: by slot, after the block before, or in Unix seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from abci_app.modules.grid.genesis import GenesisGrid

_BY_SLOT = re.compile(r"slot (\d{1,9})(?: of ([a-z0-9._-]+))?(?: ?\+ ?(\d{1,9}) ?s)?")
_LATER = re.compile(r"\+ ?(\d{1,9}) ?(s|slots?)")
_MAX_S = 1 << 40
WAY_OUT = "give `slot 144`, `slot 144 + 3 s`, `slot 144 of <vdg>`, `+ 600 s`, `+ 2 slots`, or Unix seconds"


class Clock:
    """Reads times by the slots of a chain's VDGs; the first is meant where none is named."""

    def __init__(self, grids: list[GenesisGrid]) -> None:
        self._grids = {grid.vdg: grid for grid in grids}
        self._first = grids[0] if grids else None

    def read(self, text: Any, before_s: int) -> int:
        """The Unix time (seconds) of a text; ``+`` counts from ``before_s``.

        Raises: ValueError with the way out.
        """
        if isinstance(text, int) and not isinstance(text, bool):
            if not 0 <= text < _MAX_S:
                raise ValueError(WAY_OUT)
            return text
        if not isinstance(text, str):
            raise ValueError(WAY_OUT)
        if by_slot := _BY_SLOT.fullmatch(text.strip()):
            slot, vdg, later = by_slot.groups()
            grid = self._grid(vdg)
            return grid.epoch_s + int(slot) * grid.slot_seconds + int(later or 0)
        if later_than := _LATER.fullmatch(text.strip()):
            count, unit = later_than.groups()
            return before_s + int(count) * (1 if unit == "s" else self._grid(None).slot_seconds)
        raise ValueError(WAY_OUT)

    def _grid(self, vdg: str | None) -> GenesisGrid:
        grid = self._grids.get(vdg) if vdg else self._first
        if grid is None:
            raise ValueError(
                f"there is no VDG{f' {vdg}' if vdg else ''} at the start: name one of the genesis, or give Unix seconds"
            )
        return grid

    def show(self, time_s: int) -> str:
        """A time for people, as ``slot 144 + 3 s (2025-06-22 00:00:03 UTC)``."""
        date = datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        if self._first is None:
            return date
        slot, rest = divmod(time_s - self._first.epoch_s, self._first.slot_seconds)
        return f"slot {slot}{f' + {rest} s' if rest else ''} ({date})"
