"""Where declarations, settlements and certificates are stored."""

from __future__ import annotations

from abci_app.state.collection import Collection
from wire import state_keys
from wire.settlement import Holding

# Bounds of the parameters, at genesis and ever after: a leap year, and some twenty years of real time.
MAX_PAYOUT_S = 31_622_400
MAX_KEEP_SLOTS = 1_000_000

# p
PARAMETERS = Collection(*state_keys.SETTLEMENT_PARAMETERS)
# d<vdg>/<slot, 8 bytes><address>
DECLARATIONS = Collection(*state_keys.DECLARATIONS)
# s<vdg>/<slot, 8 bytes>
SLOTS = Collection(*state_keys.SLOT_SETTLEMENTS)
# b<vdg>/<slot, 8 bytes><address>
HOUSEHOLDS = Collection(*state_keys.HOUSEHOLDS)
# c<certificate id>
CERTIFICATES = Collection(*state_keys.CERTIFICATES)
# h<holder, 20 bytes><certificate id>
HOLDINGS = Collection("settlement", b"h", Holding)
# w<certificate id>\x00<holder, 20 bytes>: the same holdings, by certificate
HOLDERS = Collection(*state_keys.HOLDERS)
