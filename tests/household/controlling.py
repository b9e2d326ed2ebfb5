"""A DSO that controls a neighbourhood's flows in sessions, one after the other, until a test has seen enough."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

import aiomqtt

from clients.common.errors import Refused
from clients.common.wallet import Wallet
from node.run.genesis import VDG
from tests.household.neighbourhood import DEADLINE_SECONDS, Neighbourhood
from wire.assignment import assignment_root, assignments
from wire.control import (
    ControlLaw,
    ControlReason,
    ControlTerms,
    GetGridControlRequest,
    OpenControl,
    PccLimit,
    PostSignal,
)
from wire.mqtt import Topics

PCC = "street"
# Worth an answer to every battery that has room: 4 c€ a kWh.
SIGNAL_NEUR_PER_WH = -40_000


async def control_until(place: Neighbourhood, condition: Callable[[], bool]) -> None:
    """Tell the homes where they are; then open a session for the running slot and signal in it, until it is so."""
    entries = {actor.address: (PCC, os.urandom(32)) for _, actor in place.cast.households}
    told = assignments(entries)
    async with aiomqtt.Client("127.0.0.1", place.broker_port, identifier="dso-control") as client:
        for home, actor in place.cast.households:
            topic = Topics().assignment(home.id)
            await client.publish(topic, told[actor.address].encode(), qos=1, retain=True)
    terms = ControlTerms(
        ControlReason.CONTROL_REASON_VOLTAGE,
        ControlLaw.CONTROL_LAW_SECANT,
        (PccLimit(PCC, len(entries), True, 0),),
        tolerance_wh=10,
        max_iterations=9,
        iteration_seconds=5,
        assignment_root=assignment_root(entries),
    )
    dso = Wallet.from_seed(place.cast.dso.seed)
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            slot = int(time.time() - place.epoch_s) // place.slot_seconds
            try:
                await place.chain.submit(dso, OpenControl(VDG, slot, terms))
                control = (await place.chain.query(GetGridControlRequest(VDG))).control
                if control is not None and control.open_session:
                    at = (control.open_slot, control.open_session)
                    await place.chain.submit(dso, PostSignal(VDG, *at, 1, (SIGNAL_NEUR_PER_WH,)))
            except Refused:
                # A slot, or a session, that was over meanwhile: the next one.
                await asyncio.sleep(0.05)
            await asyncio.sleep(place.slot_seconds / 4)
