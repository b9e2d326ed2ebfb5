"""No more availability is held than was declared: checked at every block over what it changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core.context import Context
from abci_app.core.refusal import InvariantBroken

_AVAILABILITY = b"asset/v"


def check_held(before: Context, changes: Mapping[bytes, Any]) -> None:
    """Raises: InvariantBroken."""
    for key, after in changes.items():
        if after is not None and key.startswith(_AVAILABILITY) and not 0 <= after.held_wh <= after.declared_wh:
            raise InvariantBroken(f"availability {key.hex()} is {after} after the block at height {before.height}")
