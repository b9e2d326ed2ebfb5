"""What other modules may do with money."""

from __future__ import annotations

from abci_app.modules.ledger.debts import in_debt, pay_or_owe
from abci_app.modules.ledger.store import balance_of, move, move_escrow, set_aside

__all__ = ["balance_of", "in_debt", "move", "move_escrow", "pay_or_owe", "set_aside"]
