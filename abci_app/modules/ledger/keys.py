"""Where money and debts are stored."""

from __future__ import annotations

from abci_app.state.collection import Collection
from wire.ledger import Balance, Debt

# b<asset>/<holder>, e.g. beur/a<address>
BALANCES = Collection("ledger", b"b", Balance)
# d<debtor><length, 1 byte><creditor><reason>
DEBTS = Collection("ledger", b"d", Debt)
# t<debtor>: the sum of what a debtor owes, as a debt to nobody
DEBT_TOTALS = Collection("ledger", b"t", Debt)
# A letter and a VDG's name.
MAX_HOLDER_BYTES = 65


def balance_key(asset: str, holder: bytes) -> bytes:
    """``eur/a<address>``."""
    return asset.encode() + b"/" + holder


def debt_key(debtor: bytes, creditor: bytes, reason: str) -> bytes:
    """Debtor and creditor with their lengths, then the reason."""
    return bytes((len(debtor),)) + debtor + bytes((len(creditor),)) + creditor + reason.encode()


def debtor_prefix(debtor: bytes) -> bytes:
    """What the keys of a debtor's debts start with."""
    return bytes((len(debtor),)) + debtor
