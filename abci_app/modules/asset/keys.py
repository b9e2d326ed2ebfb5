"""Where devices and availability are stored."""

from __future__ import annotations

from abci_app.state.collection import Collection
from wire import state_keys
from wire.asset import Asset

# a<asset id>
ASSETS = Collection("asset", b"a", Asset)
# o<owner><asset id>
OWNED = Collection("asset", b"o", Asset)
# c<vdg>/<owner>: a pseudo-asset with the power that all devices of a member together can deliver
DELIVERABLE = Collection(*state_keys.DELIVERABLE)
# v<vdg>/<slot><account>
AVAILABILITY = Collection(*state_keys.AVAILABILITY)
