"""Runs a plan block by block and checks what it expects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from abci_app.core.events import EncodedEvent
from abci_app.core.refusal import InvariantBroken
from abci_app.genesis import GenesisError
from abci_app.pipeline import TxResult
from node.messages.schema import QUERIES, snake_case
from node.messages.showing import plain
from node.scenario.chain import Chain, QueryError
from node.scenario.expectation import Difference, Failure, differences, missing_events, unwanted_events
from node.scenario.plan import BlockPlan, Plan, QueryPlan, TxPlan
from node.scenario.problem import Problem, ScenarioError
from node.scenario.record import BlockRecord, EventRecord, QueryRecord, ScenarioRecord, TransactionRecord
from node.scenario.signing import Signed, Signer
from wire.address import address_of
from wire.chain import GetParametersRequest
from wire.codec import decode
from wire.events import event_class
from wire.governance import Misbehaviour
from wire.ledger import GetSupplyRequest, GetSupplyResponse
from wire.tx import tx_hash


def run(plan: Plan) -> ScenarioRecord:
    """Run a scenario with the real application.

    Raises: ScenarioError when the genesis contradicts itself, or a transaction can't be made as the file says.
    """
    try:
        chain = Chain(plan.chain_id, plan.start_s, plan.validators, plan.app_state)
    except GenesisError as error:
        problems = [Problem(plan.genesis_line, "genesis", "", problem) for problem in error.problems]
        raise ScenarioError(problems) from None
    runner = _Runner(plan, chain)
    blocks: list[BlockRecord] = []
    for block in plan.blocks:
        record = runner.run_block(block)
        if record is None:
            break
        blocks.append(record)
    return ScenarioRecord(
        title=plan.title,
        about=plan.about,
        chain_id=plan.chain_id,
        genesis_time_s=plan.start_s,
        genesis_app_hash=chain.genesis_hash.hex(),
        blocks=blocks,
        failures=runner.failures,
    )


class _Runner:
    """Gathers the failures of the run."""

    def __init__(self, plan: Plan, chain: Chain) -> None:
        self.failures: list[Failure] = []
        self._plan = plan
        self._names = plan.names
        self._chain = chain
        self._signer = Signer(plan, chain)

    def run_block(self, block: BlockPlan) -> BlockRecord | None:
        """Execute a block and check it; None when the application stopped in it."""
        self._signer.begin_block()
        signed = [self._sign(tx, block.time_s) for tx in block.transactions]
        try:
            finalized = self._chain.execute(
                block.time_s, [one.data for one in signed], self._reports(block), self._signers(block)
            )
        except InvariantBroken as broken:
            self._fail(block.line, "the application stopped", Difference("invariants", "hold", str(broken)))
            return None
        results = finalized.block.results
        transactions = [self._transaction(*one) for one in zip(block.transactions, signed, results, strict=True)]
        events = self._events(finalized.block.events)
        record = BlockRecord(
            line=block.line,
            height=self._chain.height,
            time_s=block.time_s,
            time=self._plan.clock.show(block.time_s),
            events=events,
            transactions=transactions,
            queries=[self._query(query) for query in block.queries],
            minted_neur=(supply := self._supply(block)) and supply.minted_neur,
            held_neur=supply and supply.held_neur,
            app_hash=finalized.app_hash.hex(),
        )
        self._check_block(block, record)
        return record

    def _reports(self, block: BlockPlan) -> list[Misbehaviour]:
        """What is reported with the block, of the height before it."""
        return [
            Misbehaviour(offence, address_of(public_key), height=self._chain.height)
            for public_key, offence in block.misbehaviour
        ]

    def _signers(self, block: BlockPlan) -> frozenset[bytes] | None:
        """Who signed the block before: nothing is said of it where nobody is silent."""
        if not block.silent:
            return None
        validators = self._chain.ask(QUERIES["get_parameters"], GetParametersRequest()).validators
        keys = [validator.public_key for validator in validators]
        return frozenset(address_of(key) for key in keys if key not in block.silent)

    def _sign(self, tx: TxPlan, time_s: int) -> Signed:
        try:
            return self._signer.sign(tx, time_s)
        except ValueError as error:
            raise ScenarioError([Problem(tx.line, tx.name, "", str(error))]) from None

    def _transaction(self, tx: TxPlan, signed: Signed, result: TxResult) -> TransactionRecord:
        record = TransactionRecord(
            line=tx.line,
            sender=tx.sender,
            name=tx.name if signed.message is None else snake_case(type(signed.message).__name__),
            mutation=tx.mutation.value if tx.mutation else None,
            fields=None if signed.message is None else plain(signed.message, self._names),
            nonce=signed.nonce,
            expires_s=signed.expires_s,
            hash=tx_hash(signed.data).hex(),
            code=int(result.code),
            code_name=result.code.name,
            message=self._names.named(result.message),
            events=self._events(result.events),
        )
        self._check_transaction(tx, record)
        return record

    def _check_transaction(self, tx: TxPlan, record: TransactionRecord) -> None:
        expected = tx.expectation
        what = f"{tx.name} from {tx.sender}" if tx.sender else tx.name
        if expected.code is not None and record.code_name != expected.code.name:
            got = f"{record.code_name} {record.message}".strip()
            self._fail(expected.line, what, Difference("code", expected.code.name, got))
        elif expected.message not in record.message:
            self._fail(expected.line, what, Difference("message", f"…{expected.message}…", record.message))
        self.failures += missing_events(expected.events, _pairs(record.events))

    def _check_block(self, block: BlockPlan, record: BlockRecord) -> None:
        events = [*record.events, *(event for tx in record.transactions for event in tx.events)]
        self.failures += missing_events(block.events, _pairs(events))
        self.failures += unwanted_events(block.no_events, _pairs(events))
        for balance in block.balances:
            self._query(balance)
        if block.app_hash is not None and block.app_hash != record.app_hash:
            self._fail(block.line, "app hash", Difference("app_hash", block.app_hash, record.app_hash))
        if record.minted_neur != record.held_neur:
            got = f"{record.minted_neur} minted, {record.held_neur} held"
            self._fail(block.line, "money is not conserved", Difference("supply", "equal", got))

    def _query(self, plan: QueryPlan) -> QueryRecord:
        request = plain(plan.request, self._names)
        try:
            response = plain(self._chain.ask(plan.query, plan.request), self._names)
        except QueryError as error:
            self._fail(plan.line, f"query {plan.query.name}", Difference("response", "an answer", str(error)))
            return QueryRecord(plan.line, plan.query.name, request, {})
        found = tuple(differences(plan.expected or {}, response))
        if found:
            asked = " ".join(f"{key}={value}" for key, value in request.items() if value != "")
            self.failures.append(Failure(plan.line, f"query {plan.query.name} {asked}".rstrip(), found))
        return QueryRecord(plan.line, plan.query.name, request, response)

    def _supply(self, block: BlockPlan) -> GetSupplyResponse | None:
        """How much money there is; None on a chain without the ledger."""
        if "ledger" not in self._plan.modules:
            return None
        try:
            supply: GetSupplyResponse = self._chain.ask(QUERIES["get_supply"], GetSupplyRequest())
        except QueryError as error:
            self._fail(block.line, "query get_supply", Difference("response", "an answer", str(error)))
            return None
        return supply

    def _events(self, events: Sequence[EncodedEvent]) -> list[EventRecord]:
        found: list[EventRecord] = []
        for event in events:
            message: Any = decode(event_class(event.name), event.data)
            found.append(EventRecord(snake_case(type(message).__name__), plain(message, self._names)))
        return found

    def _fail(self, line: int, what: str, difference: Difference) -> None:
        self.failures.append(Failure(line, what, (difference,)))


def _pairs(events: Sequence[EventRecord]) -> list[tuple[str, dict[str, Any]]]:
    return [(event.name, event.fields) for event in events]
