"""Where VDGs are stored."""

from __future__ import annotations

from abci_app.state.collection import Collection
from wire.grid import Grid, Member, SlotTerms, Tariff

# g<vdg>/
GRIDS = Collection("grid", b"g", Grid)
# m<vdg>/<address>
MEMBERS = Collection("grid", b"m", Member)
# i<vdg>/<meter>: which member has a meter
METERS = Collection("grid", b"i", Member)
# t<vdg>/<first slot, 8 bytes>
TARIFFS = Collection("grid", b"t", Tariff)
# s<vdg>/<slot, 8 bytes>
TERMS = Collection("grid", b"s", SlotTerms)
