"""Where switches, phase orders, sessions of control and their counts are stored."""

from __future__ import annotations

from abci_app.state.collection import Collection
from wire import state_keys
from wire.control import SwitchDay

# g<vdg>/
GRID_CONTROLS = Collection(*state_keys.GRID_CONTROLS)
# w<vdg>/<address>
SWITCHES = Collection(*state_keys.SWITCHES)
# o<vdg>/<slot, 8 bytes><address>
PHASE_ORDERS = Collection(*state_keys.PHASE_ORDERS)
# n<vdg>/<slot, 8 bytes>
SLOT_CONTROLS = Collection(*state_keys.SLOT_CONTROLS)
# s<vdg>/<slot, 8 bytes><session, 4 bytes>
CONTROL_SESSIONS = Collection(*state_keys.CONTROL_SESSIONS)
# i<vdg>/<slot, 8 bytes><session, 4 bytes><iteration, 4 bytes>
CONTROL_SIGNALS = Collection(*state_keys.CONTROL_SIGNALS)
# d<vdg>/<day, 8 bytes><address>
SWITCH_DAYS = Collection("control", b"d", SwitchDay)
