"""A chain whose homes have phase switches, and what its DSO and switches send; sessions of control."""

from __future__ import annotations

from typing import Any

from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of
from tests.app.world import VDG
from wire.control import (
    CloseControl,
    ConfirmPhase,
    ControlLaw,
    ControlOutcome,
    ControlReason,
    ControlSession,
    ControlTerms,
    GetSessionRequest,
    GetSessionResponse,
    GetSwitchRequest,
    GetSwitchResponse,
    OpenControl,
    PccLimit,
    Phase,
    PostPhaseOrder,
    PostSignal,
    Switch,
)

DEVICE = "switch-ann"
A, B, C = Phase.PHASE_A, Phase.PHASE_B, Phase.PHASE_C


def genesis(**changes: Any) -> dict[str, Any]:
    """The tests' world with control switched on: ann's switch has an account, bob confirms himself."""
    document = world.genesis()
    device = {"public_key": public_key_of(DEVICE).hex(), "roles": ["controller"], "label": DEVICE}
    document["accounts"]["accounts"].append(device)
    switches = [
        _switch("ann", phase="a", controller=address(DEVICE).hex()),
        _switch("bob", phase="b"),
        _switch("cid", phase="c", controller=None),
    ]
    limits = [{"vdg": VDG, "switchings_per_slot": 2, "switchings_per_day": 3}]
    return document | {"control": {"limits": limits, "switches": switches}} | changes


def _switch(home: str, **more: Any) -> dict[str, Any]:
    return {"vdg": VDG, "account": address(home).hex(), "serial": f"sw-{home}", "feeder": "feeder-1", **more}


def switched() -> Chain:
    """A chain of that genesis."""
    return Chain(genesis())


def order(home: str, slot: int, phase: Phase = B, vdg: str = VDG) -> PostPhaseOrder:
    """An order to a home's switch."""
    return PostPhaseOrder(vdg, slot, address(home), phase)


def confirmation(home: str, slot: int, phase: Phase = B) -> ConfirmPhase:
    """What a home's switch says."""
    return ConfirmPhase(VDG, slot, address(home), phase)


def switch_of(chain: Chain, home: str) -> Switch:
    """A home's switch, which is there."""
    found = chain.query(GetSwitchRequest(VDG, address(home)), GetSwitchResponse).switch
    assert found is not None
    return found


def terms(**changes: Any) -> ControlTerms:
    """Two PCCs, of which one may not inject more than 500 Wh; five signals, 30 s apart."""
    return ControlTerms(
        ControlReason.CONTROL_REASON_CURRENT,
        ControlLaw.CONTROL_LAW_SECANT,
        (PccLimit("feeder-1-a", 2, True, -500, False, 0), PccLimit("feeder-1-b", 2, True, -500, True, 800)),
        tolerance_wh=1,
        max_iterations=5,
        iteration_seconds=30,
        assignment_root=bytes(32),
    )._replace(**changes)


def opening(slot: int = 1, **changes: Any) -> OpenControl:
    """The message that begins a session."""
    return OpenControl(VDG, slot, terms(**changes))


def signal(iteration: int, slot: int = 1, session: int = 1, **changes: Any) -> PostSignal:
    """A signal to two PCCs, with what was measured before."""
    usual = PostSignal(VDG, slot, session, iteration, (-30_000 * iteration, 0), (-900 + 100 * iteration, 40))
    return usual._replace(**changes)


def closing(iterations: int, slot: int = 1, session: int = 1, **changes: Any) -> CloseControl:
    """A session's good end."""
    outcome = ControlOutcome.CONTROL_OUTCOME_CONVERGED
    return CloseControl(VDG, slot, session, iterations, outcome, 1, (-501, 40))._replace(**changes)


def session_of(chain: Chain, slot: int = 1, session: int = 1) -> ControlSession:
    """A session, which is there."""
    found = chain.query(GetSessionRequest(VDG, slot, session), GetSessionResponse).session
    assert found is not None
    return found


def controlled() -> Chain:
    """A chain with a session that is open for slot 1, which runs."""
    chain = switched()
    chain.go_to_slot(1)
    chain.do("dso", opening())
    return chain
