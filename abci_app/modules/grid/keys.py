"""Where VDGs are stored."""

from __future__ import annotations

from abci_app.state.collection import Collection
from wire import state_keys
from wire.grid import Member

# g<vdg>/
GRIDS = Collection(*state_keys.GRIDS)
# m<vdg>/<address>
MEMBERS = Collection(*state_keys.MEMBERS)
# i<vdg>/<meter>: which member has a meter
METERS = Collection("grid", b"i", Member)
# k<vdg>/<public key, 32 bytes>: the proof key in force, and all before it
PROOF_KEYS = Collection(*state_keys.PROOF_KEYS)
# t<vdg>/<first slot, 8 bytes>
TARIFFS = Collection(*state_keys.TARIFFS)
# s<vdg>/<slot, 8 bytes>
TERMS = Collection(*state_keys.TERMS)
