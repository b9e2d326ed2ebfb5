"""What other modules may ask of switches."""

from __future__ import annotations

from abci_app.modules.control.store import require_limits
from abci_app.modules.control.switches import check_limits, put_limits

__all__ = ["check_limits", "put_limits", "require_limits"]
