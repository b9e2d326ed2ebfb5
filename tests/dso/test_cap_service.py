"""Caps are posted before the gate, from what was proved, with their reason, and once; the chain is the real one."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from clients.common.grid.feeders import feeder_of_bus
from clients.common.grid.grid import Grid
from clients.common.grid.shipped import load
from clients.common.slots import SlotClock
from clients.dso.control.connections import Connection, Connections
from clients.dso.findings import Findings, Kind
from clients.dso.grid_chain import NO_CAP_WH, Outcome
from clients.dso.monitor.cap_service import CapService, Party
from clients.dso.monitor.cap_settings import CapSettings
from tests.dso.app_chain import AppChain, account
from tests.dso.signer_process import VDG
from wire.flowproof import FlowProof, SubmitProofs
from wire.grid import Grid as GridRecord
from wire.grid import SetCaps, SetRebates
from wire.results import Code

NETWORK = load("thesis-50")
SOLVER = Grid(NETWORK)
FEEDERS = feeder_of_bus(NETWORK)
HOMES = len(NETWORK.homes)
MUCH_WH, LITTLE_WH = 700, 100
# Tenth slot of the second day; the day before is slots 10 and following.
RUNNING = 154


class ProvedChain(AppChain):
    """The real chain but for proofs, which are given: every home's flow by slot. ``name``: of a VDG with that rank."""

    def __init__(self, flows_wh: Mapping[int, int], members: range = range(HOMES), rank: int = 0) -> None:
        self.epoch_s = int(time.time()) - RUNNING * 600
        super().__init__(bytes(range(32)), HOMES, epoch_s=self.epoch_s, slot_seconds=600)
        self._flows_wh = flows_wh
        self._members = members
        self._rank = rank
        self.caps_sent: list[SetCaps] = []
        self.refusing = False

    async def grid(self) -> GridRecord:
        return (await super().grid())._replace(priority=self._rank)

    async def proofs(self, slot: int) -> list[FlowProof]:
        self._require_reachable()
        flow_wh = self._flows_wh.get(slot)
        return [] if flow_wh is None else [FlowProof(account(n), flow_wh) for n in self._members]

    async def submit(self, message: SubmitProofs | SetRebates | SetCaps) -> Outcome:
        if self.refusing:
            return Outcome(Code.WRONG_ROLE, "the sender is not its dso")
        if isinstance(message, SetCaps):
            self.caps_sent.append(message)
        return await super().submit(message)


def connections(members: range = range(HOMES)) -> Connections:
    """Where the homes of these members hang."""
    return Connections(
        Connection(account(n), home.id, FEEDERS[home.bus], home.phase) for n in members for home in [NETWORK.homes[n]]
    )


def service(chain: ProvedChain, *others: Party, ahead_slots: int = 4) -> tuple[CapService, Findings]:
    findings = Findings()
    own = Party(VDG, chain, connections(chain._members))
    clock = SlotClock(chain.epoch_s, 600)
    return CapService(SOLVER, clock, [own, *others], CapSettings(ahead_slots=ahead_slots), findings), findings


async def test_a_slot_that_would_be_overloaded_as_on_the_day_before_is_capped_with_the_reason() -> None:
    chain = ProvedChain({slot: MUCH_WH if slot in (20, 21) else LITTLE_WH for slot in range(10, 40)})
    caps, findings = service(chain)
    await caps.judge(RUNNING)
    terms = dict(zip(range(156, 180), await chain.terms(156, 24), strict=True))
    assert [slot for slot, term in terms.items() if term.capped] == [164, 165]
    assert LITTLE_WH < terms[164].import_cap_wh < MUCH_WH
    assert terms[164].export_cap_wh == NO_CAP_WH
    assert terms[164].cap_reason.startswith("as in slot 20, forecast without caps: transformer at transformer00001: ")
    assert [posted.slot for posted in caps.recent] == [164, 165]
    assert findings.counts == {}


async def test_nothing_is_posted_twice_and_a_cap_that_stands_is_left_alone() -> None:
    chain = ProvedChain(dict.fromkeys((20, 21), MUCH_WH))
    await chain.submit(SetCaps(VDG, 165, (123,), (45,), "works on the line"))
    caps, _ = service(chain)
    await caps.judge(RUNNING)
    await caps.judge(RUNNING)
    again, _ = service(chain)
    await again.judge(RUNNING)
    assert [message.first_slot for message in chain.caps_sent] == [165, 164]
    (term,) = await chain.terms(165, 1)
    assert (term.import_cap_wh, term.cap_reason) == (123, "works on the line")


async def test_where_nothing_is_known_nothing_is_capped_until_something_is() -> None:
    flows: dict[int, int] = {}
    chain = ProvedChain(flows)
    caps, _ = service(chain)
    await caps.judge(RUNNING)
    assert (chain.caps_sent, caps.judged_to_slot) == ([], -1)
    # The first flows that are proved tell of the next slots, and of no more.
    flows[RUNNING - 2] = MUCH_WH
    await caps.judge(RUNNING)
    assert [message.first_slot for message in chain.caps_sent] == [156, 157, 158]
    assert chain.caps_sent[0].reason.startswith("as in slot 152, ")


async def test_the_next_day_is_judged_whole_before_its_day_ahead_gate() -> None:
    chain = ProvedChain({})
    caps, _ = service(chain)
    assert caps.last_slot_due(144 + 65) == 287
    assert caps.last_slot_due(144 + 66) == 431
    assert caps.last_slot_due(144 + 143) == 431


async def test_a_chain_that_refuses_a_cap_is_a_finding_and_no_end() -> None:
    chain = ProvedChain(dict.fromkeys((20, 21), MUCH_WH))
    caps, findings = service(chain)
    chain.refusing = True
    await caps.judge(RUNNING)
    assert findings.counts == {Kind.CAPS_REFUSED: 2}
    assert not caps.recent


async def test_of_two_vdgs_the_one_of_the_lower_priority_is_capped_by_its_own_dso_and_the_other_by_nobody() -> None:
    flows = dict.fromkeys(range(20, 21), 520)
    evens, odds = range(0, HOMES, 2), range(1, HOMES, 2)
    low, high = ProvedChain(flows, evens, rank=1), ProvedChain(flows, odds, rank=7)
    for chain, other, members in ((low, high, odds), (high, low, evens)):
        caps, _ = service(chain, Party("tulip", other, connections(members)))
        await caps.judge(RUNNING)
    assert [message.first_slot for message in low.caps_sent] == [164]
    assert high.caps_sent == []
    assert np.array(low.caps_sent[0].import_cap_wh) < 520
