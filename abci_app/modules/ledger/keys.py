"""Where money and debts are stored."""

from __future__ import annotations

from abci_app.state.collection import Collection
from wire import state_keys
from wire.state_keys import balance_key, debt_key, debtor_prefix

__all__ = ["BALANCES", "DEBTS", "DEBT_TOTALS", "MAX_HOLDER_BYTES", "balance_key", "debt_key", "debtor_prefix"]

# b<asset>/<holder>, e.g. beur/a<address>
BALANCES = Collection(*state_keys.BALANCES)
# d<length, 1 byte><debtor><length, 1 byte><creditor><reason>
DEBTS = Collection(*state_keys.DEBTS)
# t<debtor>: the sum of what a debtor owes, as a debt to nobody
DEBT_TOTALS = Collection(*state_keys.DEBT_TOTALS)
# A letter and a VDG's name.
MAX_HOLDER_BYTES = 65
