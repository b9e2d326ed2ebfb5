"""Which message of the module is checked and handled by what, and who may send it."""

from __future__ import annotations

from abci_app.modules.control import phases, sessions, switches, terms
from abci_app.modules.module import Action
from wire.accounts import Role
from wire.control import (
    CloseControl,
    ConfirmPhase,
    OpenControl,
    PostPhaseOrder,
    PostSignal,
    RegisterSwitch,
    RemoveSwitch,
    SetSwitchingLimits,
)

_DSO, _REGISTRAR = (Role.ROLE_DSO,), (Role.ROLE_REGISTRAR,)
_AT_HOME = (Role.ROLE_HOUSEHOLD, Role.ROLE_CONTROLLER)

ACTIONS = {
    RegisterSwitch: Action(switches.check_register, _DSO, switches.register),
    RemoveSwitch: Action(switches.check_remove, _DSO, switches.remove),
    SetSwitchingLimits: Action(switches.check_limits, _REGISTRAR, switches.set_limits),
    PostPhaseOrder: Action(phases.check_phase_message, _DSO, phases.post),
    ConfirmPhase: Action(phases.check_phase_message, _AT_HOME, phases.confirm),
    OpenControl: Action(terms.check_open, _DSO, sessions.open_session),
    PostSignal: Action(terms.check_signal, _DSO, sessions.signal),
    CloseControl: Action(terms.check_close, _DSO, sessions.close),
}
