"""A run: block after block, with faults, until a height or the first difference."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from node.audit.admission import read
from node.audit.auditor import Auditor, ExpectedBlock
from node.audit.case import Denied
from tests.app.keyring import address, public_key_of, sign_with
from tests.simulator.chance import chance
from tests.simulator.instance import Instance
from tests.simulator.judge import judge
from tests.simulator.letter import Letter
from tests.simulator.record import ChainRecord, Decided, Failure, Genesis
from tests.simulator.stage import CHAIN_ID, VALIDATORS, stage_of
from tests.simulator.transfer import restored, snapshot_of
from tests.simulator.view import View
from tests.simulator.workload import act
from wire.address import address_of
from wire.codec import CodecError
from wire.governance import Misbehaviour, Offence
from wire.tx import TxBody, assemble

_NANOSECONDS = 10**9
_MAX_BLOCK_BYTES = 1 << 20
_REMEMBERED = 300
# Further than any product's horizon.
_LONG_SLOTS = 400
# Nonces go up by one, as a rule; gaps, repeats and jumps are allowed for, or refused.
_STEPS = (1,) * 20 + (2, 0, -3, 140)

Actions = frozenset[tuple[int, int]]


class Summary(NamedTuple):
    """What a run came to; ``seen`` counts results by message and code, ``faults`` what was done to instances."""

    seed: int
    blocks: int
    app_hash: bytes
    seen: Counter[str]
    faults: Counter[str]


class Simulation:
    """Everything follows from the seed, and from the actions (height, number) that are left out."""

    def __init__(self, seed: int, left_out: Actions = frozenset(), trace: Callable[[str], None] | None = None) -> None:
        self._seed = seed
        self._left_out = left_out
        self._trace = trace
        stage = stage_of(chance(seed, "stage"))
        keys = tuple((public_key_of(name), power) for name, power in VALIDATORS)
        genesis = Genesis(CHAIN_ID, stage.genesis_s, keys, json.dumps(stage.genesis).encode())
        self.record = ChainRecord(genesis)
        self._auditor = Auditor(*genesis)
        self._instances = [Instance(name, self.record) for name, _ in VALIDATORS]
        self._view = View(stage, self._auditor.books)
        self._time_ns = stage.genesis_s * _NANOSECONDS
        self._nonces: Counter[bytes] = Counter()
        self._sent: list[bytes] = []
        self.seen: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.actions: list[tuple[int, int]] = []

    @property
    def height(self) -> int:
        """The last decided block."""
        return len(self.record.blocks)

    def run(self, blocks: int) -> Summary:
        """So many more blocks. Raises: Failure."""
        for height in range(self.height + 1, self.height + blocks + 1):
            self._block(height)
        app_hash = self.record.outcomes[-1].app_hash
        return Summary(self._seed, self.height, app_hash, self.seen, self.faults)

    def wind_down(self) -> None:
        """Let time pass until everything that was begun has ended. Raises: Failure when something stays open."""
        for _ in range(3):
            self._time_ns += _LONG_SLOTS * self._view.slot_seconds * _NANOSECONDS
            self._decide(self.height + 1, chance(self._seed, "end", self.height), idle=True)
        books = self._auditor.books
        held = [holder for holder, balance in books.balances.of() if balance.escrow_neur]
        if books.contracts.all() or books.orders.all() or held:
            raise Failure(self.height, f"contracts, orders or escrow are left: {held}")

    def _block(self, height: int) -> None:
        random = chance(self._seed, height)
        self._act(height, random)
        self._time_ns = self._later(random)
        self._decide(height, random)

    def _decide(self, height: int, random: Random, idle: bool = False) -> None:
        """Have a block proposed, decided and executed."""
        up = [instance for instance in self._instances if instance.away_until < height]
        for instance in up:
            instance.catch_up(height - 1)
            instance.receive(random, height)
        txs = [] if idle else self._propose(random, up)
        decided = Decided(self._time_ns, tuple(txs), *self._reports(random, height))
        self.record.blocks.append(decided)
        self._view.time_s = self._time_ns // _NANOSECONDS
        expected = self._auditor.block(height, *decided)
        self._count(txs, expected)
        for number, instance in enumerate(random.sample(up, len(up))):
            self._execute(random, height, instance, expected if number == 0 else None)
        self._harm(random, height)

    def _act(self, height: int, random: Random) -> None:
        """Letters of a few actions, signed and posted to some or all instances."""
        for number in range(random.choice([0, 1, 1, 2, 3])):
            self.actions.append((height, number))
            if (height, number) in self._left_out:
                continue
            own = chance(self._seed, height, number)
            for letter in act(own, self._view, self._sent):
                tx = self._signed(own, letter)
                if tx is None:
                    continue
                self._sent = [*self._sent[-_REMEMBERED:], tx]
                for instance in self._instances:
                    if own.random() < 0.97:
                        instance.post.take(own, height, tx)

    def _signed(self, random: Random, letter: Letter) -> bytes | None:
        """The transaction; None where a field holds what can't even be written."""
        if letter.raw is not None:
            return letter.raw
        sender = address(letter.sender)
        nonce = self._nonces[sender] + random.choice(_STEPS)
        self._nonces[sender] = max(nonce, self._nonces[sender])
        expires_s = self._view.time_s + random.choice([5, 300, 590, 590, 590])
        body = TxBody(CHAIN_ID, sender, max(nonce, 0), expires_s, letter.message)
        key = letter.key or self._view.key_of(letter.sender)
        try:
            return assemble(body._replace(**dict(letter.changes)), lambda data: sign_with(key, data))
        except CodecError:
            return None

    def _later(self, random: Random) -> int:
        """Block time goes up by anything from a nanosecond to days; often just to the edge of a slot."""
        slot_ns = self._view.slot_seconds * _NANOSECONDS
        edge = self._time_ns - self._time_ns % slot_ns + slot_ns
        match random.randrange(20):
            case 0:
                return self._time_ns + 1
            case 1 | 2:
                return edge
            case 3:
                return max(edge - 1, self._time_ns + 1)
            case 4:
                return self._time_ns + random.randint(1, 6) * slot_ns
            case 5 if random.random() < 0.05:
                return self._time_ns + random.randint(100, 400) * slot_ns
            case _:
                return self._time_ns + random.randint(1, slot_ns // 3)

    def _propose(self, random: Random, up: list[Instance]) -> list[bytes]:
        """A proposer's block; a faulty one puts anything in, which the others refuse or, once, execute all the same.

        Raises: Failure when the instances do not agree on a proposal, or refuse what one of them prepared.
        """
        proposer = random.choice(up)
        time_s, height = self._time_ns // _NANOSECONDS, self.height + 1
        txs = proposer.app.prepare_proposal(proposer.mempool, _MAX_BLOCK_BYTES, time_s)
        if any(not instance.app.process_proposal(txs, time_s) for instance in up):
            raise Failure(height, f"what {proposer.name} prepared is refused")
        if random.random() < 0.1:
            faulty = [*txs, *random.sample(self._sent[-20:], min(len(self._sent[-20:]), 4))]
            random.shuffle(faulty)
            verdicts = {instance.app.process_proposal(faulty, time_s) for instance in up}
            if len(verdicts) > 1:
                raise Failure(height, "the instances do not agree on a proposal")
            self.faults["proposals refused"] += verdicts == {False}
            # Should two thirds of the power be faulty: every transaction still gets its one predicted result.
            txs = faulty
        return txs

    def _reports(self, random: Random, height: int) -> tuple[tuple[Misbehaviour, ...], frozenset[bytes] | None]:
        """What CometBFT tells of the validators: seldom an offence, and who signed; some are silent."""
        addresses = [address_of(key) for key, _ in self._auditor.books.validators.of()]
        ever = [address for address, _ in self._auditor.books.consensus_keys.of()]
        offences = []
        if random.randrange(150) == 0:
            accused = random.choice([*addresses, *ever, bytes(20)])
            offence = random.choice([Offence.OFFENCE_DUPLICATE_VOTE, Offence.OFFENCE_LIGHT_CLIENT_ATTACK])
            offences.append(Misbehaviour(offence, accused, height=random.randint(1, height)))
            self.faults["validators reported"] += 1
        silent = set(random.sample(addresses, min(random.choice([0, 0, 0, 1, 2]), len(addresses))))
        return tuple(offences), frozenset(addresses) - silent if height > 1 else None

    def _execute(self, random: Random, height: int, instance: Instance, expected: ExpectedBlock | None) -> None:
        """FinalizeBlock and Commit; the process may die before, between and within. The first outcome is judged."""
        done = instance.execute(height)
        if expected is not None:
            judge(height, done, expected)
        fate = random.randrange(120)
        if fate == 0:
            self.faults["died after FinalizeBlock"] += 1
            instance.restart()
            instance.execute(height)
        elif fate == 1:
            self.faults["asked twice"] += 1
            instance.execute(height)
        if not instance.commit(random if fate == 2 else None):
            self.faults["died in Commit"] += 1
            instance.restart()
            instance.catch_up(height)
        instance.forget(list(self.record.blocks[-1].txs))

    def _harm(self, random: Random, height: int) -> None:
        """Between blocks: a restart, an absence, a lost disk. Three of four are always there."""
        instance = random.choice(self._instances)
        if any(other.away_until > height for other in self._instances):
            return
        fate = random.randrange(400)
        if fate < 4:
            self.faults["restarted"] += 1
            instance.restart()
        elif fate < 6:
            self.faults["away"] += 1
            instance.away_until = height + random.randint(1, 30)
            instance.mempool.clear()
        elif fate == 6 and height < 300:
            self.faults["disk lost"] += 1
            instance.wipe()
        elif fate == 7:
            self.faults["joined by state sync"] += 1
            self._join(instance, random, height)

    def _join(self, instance: Instance, random: Random, height: int) -> None:
        """Fill an instance's disk from a snapshot, of which the others have the same. Raises: Failure."""
        others = [other for other in self._instances if other is not instance and other.height == height]
        offers = [snapshot_of(other.app) for other in others[:2]]
        if offers[0] != offers[-1]:
            raise Failure(height, "two instances offer different snapshots")
        instance.join(restored(*offers[0], others[0].app.last_block.app_hash, random))

    def _count(self, txs: list[bytes], expected: ExpectedBlock) -> None:
        for tx, must in zip(txs, expected.results, strict=True):
            name = _message_name(tx)
            self.seen[f"{name}: {must.code.name}"] += 1
            if self._trace is not None:
                self._trace(f"{self.height}: {name}: {must.code.name}")
        for event in expected.events:
            self.seen[f"due: {type(event).__name__}"] += 1
            if self._trace is not None:
                self._trace(f"{self.height}: due: {type(event).__name__}")


def _message_name(tx: bytes) -> str:
    try:
        return type(read(tx)[1].message).__name__
    except Denied as denied:
        return denied.code.name
