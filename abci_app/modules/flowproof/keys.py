"""Where proofs of flow and evidence are stored."""

from __future__ import annotations

from abci_app.state.collection import Collection
from wire import state_keys
from wire.flowproof import Equivocation

# p<vdg>/<slot, 8 bytes><address>
PROOFS = Collection(*state_keys.PROOFS)
# c<vdg>/<slot, 8 bytes>
SLOTS = Collection(*state_keys.SLOT_PROOFS)
# e<vdg>/<slot, 8 bytes><address>
EVIDENCE = Collection("flowproof", b"e", Equivocation)
