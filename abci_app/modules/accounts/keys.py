"""Where accounts are stored."""

from __future__ import annotations

from abci_app.state.collection import Collection
from wire.accounts import Account, NonceWindow

# a<address, 20 bytes>
ACCOUNTS = Collection("accounts", b"a", Account)
# n<address, 20 bytes>
NONCES = Collection("accounts", b"n", NonceWindow)
