"""The prover with the real state machine, the real signing service and real time: every slot proved, nothing twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from clients.dso.collector.readings import Readings
from clients.dso.database import open_database
from clients.dso.findings import Findings, Kind
from clients.dso.members import Members
from clients.dso.prover.proofs import Proofs, State
from clients.dso.prover.prover import Prover, Rules
from clients.dso.prover.signatures import Signer
from clients.dso.prover.signing import Signing
from clients.dso.prover.submission import Submission
from tests.dso.app_chain import AppChain, account, meter
from tests.dso.signer_process import CHAIN_ID, VDG, SignerProcess
from tests.dso.waiting import until
from wire.flowproof import FlowProof, FlowStatement, SubmitProofs
from wire.grid import Member
from wire.mqtt import Reading

HOMES = 3
PAST_SLOTS = 4
GRACE_S = 0.5


class Proving:
    """A prover over a folder's database, and what it works with."""

    def __init__(self, folder: Path, chain: AppChain, signer: Signer, members: Iterable[Member]) -> None:
        self.database = open_database(folder / "dso.sqlite", CHAIN_ID, VDG)
        self.chain = chain
        self.readings = Readings(self.database)
        self.proofs = Proofs(self.database)
        self.findings = Findings()
        self.members = Members(members)
        self.signer = signer

    async def start(self) -> None:
        """Make the prover and let it run."""
        self.prover = Prover(
            Rules(CHAIN_ID, GRACE_S, keep_slots=1_000),
            await self.chain.grid(),
            self.members,
            self.readings,
            self.proofs,
            Signing(self.signer, self.proofs, self.findings),
            Submission(VDG, self.chain, self.proofs, self.findings),
            self.findings,
        )
        self.task = asyncio.create_task(self.prover.run())

    async def stop(self) -> None:
        """Stop it at once, wherever it is."""
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        self.database.close()

    def read(self, home: int, slot: int, net_wh: int) -> None:
        """A reading whose import register stands at ``net_wh`` above a start of 1,000 Wh, at the end of a slot."""
        reading = Reading(
            meter=meter(home), sequence=slot + 1, slot=slot, time_s=0, import_wh=1_000 + net_wh, export_wh=0
        )
        self.readings.add(reading, f"home-{home}")
        if hasattr(self, "prover"):
            self.prover.heard(slot)

    def all_past_slots_proved(self) -> bool:
        """Whether every home is proved in every slot that was over at the start."""
        return all(self.states(slot) == [State.PROVED] * HOMES for slot in range(PAST_SLOTS))

    def states(self, slot: int) -> list[State | None]:
        """Where each home's proof of a slot is."""
        noted = self.proofs.of_slot(slot)
        return [noted[account(n)].state if account(n) in noted else None for n in range(HOMES)]


@asynccontextmanager
async def proving(
    folder: Path, signer: SignerProcess, chain: AppChain, members: Iterable[Member] | None = None
) -> AsyncIterator[Proving]:
    """A prover that is not started yet; stopped at the end."""
    async with signer.client() as client:
        process = Proving(folder, chain, client, members if members is not None else await chain.members())
        yield process
        await process.stop()


@pytest.fixture
async def chain(signer: SignerProcess) -> AppChain:
    """A chain on which ``PAST_SLOTS`` slots are over."""
    signer.start()
    async with signer.client() as client:
        return AppChain(await client.public_key(), HOMES, epoch_s=int(time.time()) - PAST_SLOTS)


def read_all(process: Proving, slots: Iterable[int], homes: Iterable[int] = range(HOMES)) -> None:
    """Readings of homes at the ends of slots: home n takes n + 1 Wh a slot."""
    for slot in slots:
        for home in homes:
            process.read(home, slot, (home + 1) * (slot + 1))


async def flows_on_chain(chain: AppChain, slot: int) -> dict[bytes, int]:
    """What is proved of a slot."""
    return {proof.account: proof.flow_wh for proof in await chain.proofs(slot)}


ALL_FLOWS = {account(n): n + 1 for n in range(HOMES)}


async def test_every_slot_that_ended_is_proved_by_one_transaction_and_also_those_to_come(
    tmp_path: Path, signer: SignerProcess, chain: AppChain
) -> None:
    async with proving(tmp_path, signer, chain) as process:
        read_all(process, range(-1, PAST_SLOTS))
        await process.start()
        await until(process.all_past_slots_proved)
        slots = [message.slot for message in chain.proofs_sent]
        assert sorted(slots) == list(range(PAST_SLOTS))
        assert [await flows_on_chain(chain, slot) for slot in range(PAST_SLOTS)] == [ALL_FLOWS] * PAST_SLOTS
        epoch_s, read, delays_s = (await chain.grid()).epoch_s, PAST_SLOTS, []
        for _ in range(3):
            coming = int(time.time()) - epoch_s + 1
            read_all(process, range(read, coming + 1))
            await until(lambda: process.states(coming) == [State.PROVED] * HOMES)  # noqa: B023 - awaited in the loop
            delays_s.append(time.time() - (epoch_s + coming + 1))
            read = coming + 1
        assert min(delays_s) >= 0, "not before its end"
        # The quickest, as the processor has other work too.
        assert min(delays_s) < 1, "within one slot after its end"
    assert process.findings.counts == {}


async def test_a_silent_meter_is_waited_for_then_the_others_are_proved_and_its_late_reading_follows(
    tmp_path: Path, signer: SignerProcess, chain: AppChain
) -> None:
    async with proving(tmp_path, signer, chain) as process:
        read_all(process, [-1, 0, 1])
        read_all(process, [2], [0, 2])
        read_all(process, [3])
        await process.start()
        await until(lambda: process.states(2) == [State.PROVED, None, State.PROVED])
        await until(lambda: process.states(3) == [State.PROVED, None, State.PROVED])
        process.read(1, 2, 2 * 3)
        await until(lambda: process.states(2) == process.states(3) == [State.PROVED] * HOMES)
        assert await flows_on_chain(chain, 2) == await flows_on_chain(chain, 3) == ALL_FLOWS
    silent = [finding for finding in process.findings.recent if finding["slot"] == 2]
    assert [(finding["kind"], finding["meter"]) for finding in silent] == [(Kind.SILENT, meter(1))]


async def test_after_a_restart_what_is_proved_is_not_sent_again_even_if_the_answer_was_lost(
    tmp_path: Path, signer: SignerProcess, chain: AppChain
) -> None:
    chain.answers_get_lost = PAST_SLOTS
    async with proving(tmp_path, signer, chain) as process:
        read_all(process, range(-1, PAST_SLOTS))
        await process.start()
        await until(lambda: len(chain.proofs_sent) == PAST_SLOTS)
    async with proving(tmp_path, signer, chain) as process:
        await process.start()
        await until(process.all_past_slots_proved)
        assert len(chain.proofs_sent) == PAST_SLOTS
    (tmp_path / "dso.sqlite").unlink()
    async with proving(tmp_path, signer, chain) as process:
        read_all(process, range(-1, PAST_SLOTS))
        await process.start()
        await until(process.all_past_slots_proved)
        assert len(chain.proofs_sent) == PAST_SLOTS


async def test_it_goes_on_when_signer_and_gateway_were_away(
    tmp_path: Path, signer: SignerProcess, chain: AppChain
) -> None:
    address = signer.address()
    port = address.address.rpartition(":")[2]
    async with Signer(address) as client:
        process = Proving(tmp_path, chain, client, await chain.members())
        signer.kill()
        read_all(process, range(-1, PAST_SLOTS))
        await process.start()
        await until(lambda: process.findings.counts[Kind.SIGNER_UNAVAILABLE] > 0)
        chain.reachable = False
        signer.listen_on(port)
        signer.start()
        await until(lambda: process.findings.counts[Kind.CHAIN_UNAVAILABLE] > 0)
        chain.reachable = True
        await until(process.all_past_slots_proved)
        assert sorted(message.slot for message in chain.proofs_sent) == list(range(PAST_SLOTS))
        await process.stop()


async def test_another_value_with_the_keys_signature_on_chain_is_an_alarm_and_the_others_go_in(
    tmp_path: Path, signer: SignerProcess, chain: AppChain
) -> None:
    async with proving(tmp_path, signer, chain) as process:
        read_all(process, [-1, 0])
        statement = FlowStatement(CHAIN_ID, VDG, 0, account(1), 99, meter(1))
        # The same key in other hands: signed with a record that the service doesn't know.
        twin = SignerProcess(tmp_path / "twin")
        (tmp_path / "twin" / "proof-key.json").write_bytes((tmp_path / "proof-key.json").read_bytes())
        twin.initialise()
        twin.start()
        async with twin.client() as other:
            (signature,) = await other.sign([statement], await other.public_key())
        twin.stop()
        assert isinstance(signature, bytes)
        await chain.submit(SubmitProofs(VDG, 0, (FlowProof(account(1), 99, meter(1), signature),)))
        await process.start()
        process.prover._unsure.clear()
        await until(lambda: process.states(0) == [State.PROVED, State.CONFLICT, State.PROVED])
        assert (await flows_on_chain(chain, 0)) == {**ALL_FLOWS, account(1): 99}
    (alarm,) = [finding for finding in process.findings.recent if finding["kind"] == Kind.PROOF_CONFLICT]
    assert alarm["meter"] == meter(1)
    assert signature.hex() in str(alarm["value"])


async def test_a_reading_that_changed_after_it_was_signed_is_an_alarm_and_the_first_value_goes_in(
    tmp_path: Path, signer: SignerProcess, chain: AppChain
) -> None:
    async with proving(tmp_path, signer, chain) as process:
        first = FlowStatement(CHAIN_ID, VDG, 0, account(1), 77, meter(1))
        await process.signer.sign([first], await process.signer.public_key())
        read_all(process, [-1, 0])
        await process.start()
        await until(lambda: process.states(0) == [State.PROVED] * HOMES)
        assert (await flows_on_chain(chain, 0)) == {**ALL_FLOWS, account(1): 77}
    assert process.findings.counts[Kind.SIGNING_CONFLICT] == 1


async def test_a_proof_that_the_chain_refuses_does_not_keep_the_others_out(
    tmp_path: Path, signer: SignerProcess, chain: AppChain
) -> None:
    members = await chain.members()
    wrong = [m._replace(meter="meter-x") if m.account == account(1) else m for m in members]
    async with proving(tmp_path, signer, chain, wrong) as process:
        read_all(process, [-1, 0], [0, 2])
        for slot in (-1, 0):
            reading = Reading(meter="meter-x", sequence=slot + 1, slot=slot, time_s=0, import_wh=5, export_wh=0)
            process.readings.add(reading, "home-1")
        await process.start()
        await until(lambda: process.states(0) == [State.PROVED, State.REFUSED, State.PROVED])
    (refused,) = [finding for finding in process.findings.recent if finding["kind"] == Kind.PROOF_REFUSED]
    assert refused["meter"] == "meter-x"
    assert "meter-1" in str(refused["value"])


async def test_what_the_signer_refuses_stays_unproved_and_is_told(
    tmp_path: Path, signer: SignerProcess, chain: AppChain
) -> None:
    async with proving(tmp_path, signer, chain) as process:
        read_all(process, [-1])
        for home, net_wh in enumerate((1, 50_000, 3)):
            process.read(home, 0, net_wh)
        await process.start()
        await until(lambda: process.states(0) == [State.PROVED, State.REFUSED, State.PROVED])
    (refused,) = [finding for finding in process.findings.recent if finding["kind"] == Kind.SIGNING_REFUSED]
    assert (refused["meter"], refused["slot"]) == (meter(1), 0)
    assert "IMPLAUSIBLE_FLOW" in str(refused["way_out"])


async def test_after_the_deadline_nothing_is_taken_any_more_and_it_is_told(
    tmp_path: Path, signer: SignerProcess
) -> None:
    signer.start()
    async with signer.client() as client:
        public_key = await client.public_key()
    epoch_s = int(time.time())
    # From the slot's end to its deadline there are three seconds, enough to sign in on a busy machine.
    chain = AppChain(public_key, HOMES, epoch_s=epoch_s, slot_seconds=3, deadline_slots=1)
    async with proving(tmp_path, signer, chain) as process:
        read_all(process, [-1, 0], [0, 1])
        process.read(2, -1, 0)
        await process.start()
        chain.reachable = False
        await until(lambda: process.states(0) == [State.SIGNED, State.SIGNED, None])
        await until(lambda: time.time() > epoch_s + 6)
        process.read(2, 0, 3)
        chain.reachable = True
        await until(lambda: 0 not in process.prover.open_slots)
        assert process.states(0) == [State.LATE, State.LATE, None]
    assert await chain.proofs(0) == []
    late = [f["meter"] for f in process.findings.recent if (f["slot"], f["kind"]) == (0, Kind.PROOF_TOO_LATE)]
    assert sorted(map(str, late)) == [meter(0), meter(1), meter(2)]
