"""Every query of the control module, with what its answer at the end of the fixed day must show."""

from __future__ import annotations

from typing import Any

from tests.app.keyring import address
from tests.app.world import VDG
from wire import control

BOB, DEE = address("bob"), address("dee")
ASKED: list[tuple[Any, Any, str]] = [
    (control.GetSwitchRequest(VDG, BOB), control.GetSwitchResponse, "phase=<Phase.PHASE_A: 1>, since_slot=24"),
    (control.GetSwitchRequest(VDG, address("ann")), control.GetSwitchResponse, "found=False"),
    (control.ListSwitchesRequest(VDG), control.ListSwitchesResponse, "serial='sw-dee'"),
    (control.ListSwitchesRequest(VDG, b"", 1), control.ListSwitchesResponse, "serial='sw-bob'"),
    (control.GetPhaseOrderRequest(VDG, 24, BOB), control.GetPhaseOrderResponse, "executed=<Phase.PHASE_A: 1>"),
    (control.GetPhaseOrderRequest(VDG, 2, BOB), control.GetPhaseOrderResponse, "found=False"),
    (control.ListPhaseOrdersRequest(VDG, 24), control.ListPhaseOrdersResponse, "PHASE_ORDER_STATUS_LATE"),
    (control.GetGridControlRequest(VDG), control.GetGridControlResponse, "switchings_per_slot=3"),
    (control.GetGridControlRequest("none"), control.GetGridControlResponse, "found=False, control=GridControl("),
    (control.GetGridControlRequest(VDG), control.GetGridControlResponse, "open_slot=27, open_session=1"),
    (control.GetSessionRequest(VDG, 25, 1), control.GetSessionResponse, "CONTROL_OUTCOME_CONVERGED"),
    (control.GetSessionRequest(VDG, 25, 3), control.GetSessionResponse, "found=False"),
    (control.ListSessionsRequest(VDG, 25), control.ListSessionsResponse, "CONTROL_OUTCOME_TIMED_OUT"),
    (control.ListSessionsRequest(VDG, 26), control.ListSessionsResponse, "CONTROL_OUTCOME_OVERTAKEN"),
    (control.ListSignalsRequest(VDG, 25, 1), control.ListSignalsResponse, "neur_per_wh=(-60000, 0)"),
]
