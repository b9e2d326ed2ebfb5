"""A chain whose homes have phase switches, and what its DSO and switches send."""

from __future__ import annotations

from typing import Any

from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of
from tests.app.world import VDG
from wire.control import ConfirmPhase, GetSwitchRequest, GetSwitchResponse, Phase, PostPhaseOrder, Switch

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
