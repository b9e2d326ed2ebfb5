"""Where proofs of flow and evidence are stored."""

from __future__ import annotations

from abci_app.state.collection import Collection
from wire.flowproof import Equivocation, FlowProof, SlotProofs

# p<vdg>/<slot, 8 bytes><address>
PROOFS = Collection("flowproof", b"p", FlowProof)
# c<vdg>/<slot, 8 bytes>
SLOTS = Collection("flowproof", b"c", SlotProofs)
# e<vdg>/<slot, 8 bytes><address>
EVIDENCE = Collection("flowproof", b"e", Equivocation)
