"""Where accounts are stored."""

from __future__ import annotations

from abci_app.state.collection import Collection
from wire import state_keys

# a<address, 20 bytes>
ACCOUNTS = Collection(*state_keys.ACCOUNTS)
# n<address, 20 bytes>
NONCES = Collection(*state_keys.NONCES)
