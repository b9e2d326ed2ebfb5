"""Where declarations, settlements and certificates are stored."""

from __future__ import annotations

from abci_app.state.collection import Collection
from wire.settlement import (
    Certificate,
    Declaration,
    Holding,
    HouseholdSettlement,
    SettlementParameters,
    SlotSettlement,
)

# Bounds of the parameters, at genesis and ever after: a leap year, and some twenty years of real time.
MAX_PAYOUT_S = 31_622_400
MAX_KEEP_SLOTS = 1_000_000

# p
PARAMETERS = Collection("settlement", b"p", SettlementParameters)
# d<vdg>/<slot, 8 bytes><address>
DECLARATIONS = Collection("settlement", b"d", Declaration)
# s<vdg>/<slot, 8 bytes>
SLOTS = Collection("settlement", b"s", SlotSettlement)
# b<vdg>/<slot, 8 bytes><address>
HOUSEHOLDS = Collection("settlement", b"b", HouseholdSettlement)
# c<certificate id>
CERTIFICATES = Collection("settlement", b"c", Certificate)
# h<holder, 20 bytes><certificate id>
HOLDINGS = Collection("settlement", b"h", Holding)
# w<certificate id>\x00<holder, 20 bytes>: the same holdings, by certificate
HOLDERS = Collection("settlement", b"w", Holding)
