"""From a file's blocks to plans: transactions, queries and expectations, by the wire's own types."""

from __future__ import annotations

from typing import Any

from node.messages.names import read_holder
from node.messages.reading import Mistake, Path, did_you_mean, read_message
from node.messages.schema import QUERIES
from node.scenario.document import Document
from node.scenario.expectation import expected_fields
from node.scenario.format import BlockEntry, ExpectEntry
from node.scenario.keyring import Keyring
from node.scenario.patterns import Patterns
from node.scenario.plan import BlockPlan, QueryPlan
from node.scenario.problem import Problem
from node.scenario.times import Clock
from node.scenario.transaction_reader import TransactionReader
from node.scenario.validation import read_part
from wire.governance import Offence
from wire.ledger import GetBalanceRequest

_OFFENCES = {
    "duplicate_vote": Offence.OFFENCE_DUPLICATE_VOTE,
    "light_client_attack": Offence.OFFENCE_LIGHT_CLIENT_ATTACK,
}


class BlockReader:
    """Reads blocks and gathers what is wrong with them in ``problems``."""

    def __init__(
        self,
        document: Document,
        names: Keyring,
        vdg: str,
        meters: dict[str, dict[str, str]],
        clock: Clock | None = None,
    ) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._names = names
        self._transactions = TransactionReader(document, names, vdg, meters, clock, self.problems)

    def read(self, index: int, entry: BlockEntry, time_s: int) -> BlockPlan:
        """The plan of a block; of no use when there are problems."""
        path: Path = ("blocks", index)
        expect = (*path, "expect")
        expected = read_part(self._document, ExpectEntry, entry.expect, expect, self.problems)
        patterns = Patterns(self._document, self._names, self.problems)
        return BlockPlan(
            line=self._document.line_of((*path, "at")),
            time_s=time_s,
            transactions=tuple(
                self._transactions.read((*path, "transactions", place), data, time_s)
                for place, data in enumerate(entry.transactions)
            ),
            queries=tuple(
                query
                for place, data in enumerate(entry.queries)
                if (query := self._query((*path, "queries", place), data)) is not None
            ),
            balances=tuple(self._balances((*expect, "balances"), expected.balances)),
            events=patterns.read((*expect, "events"), expected.events),
            no_events=patterns.read((*expect, "no_events"), expected.no_events),
            app_hash=expected.app_hash,
            misbehaviour=tuple(
                (self._key((*path, "misbehaviour", place, "validator"), one.validator), _OFFENCES[one.offence])
                for place, one in enumerate(entry.misbehaviour)
            ),
            silent=tuple(self._key((*path, "silent", place), name) for place, name in enumerate(entry.silent)),
        )

    def _key(self, path: Path, name: str) -> bytes:
        """The public key of a name."""
        public_key = self._names.public_key(name)
        if public_key is None:
            way_out = f"no such key; {did_you_mean(name, self._names.key_names)}"
            self.problems.append(self._document.problem(path, name, way_out))
        return public_key or b""

    def _query(self, path: Path, data: Any) -> QueryPlan | None:
        kinds = [name for name in data if name != "expect"] if isinstance(data, dict) else []
        if len(kinds) != 1 or kinds[0] not in QUERIES:
            way_out = f"one query and `expect`; {did_you_mean(kinds[0] if kinds else '', sorted(QUERIES))}"
            self.problems.append(self._document.problem(path, ", ".join(kinds), way_out))
            return None
        query = QUERIES[kinds[0]]
        request, mistakes = read_message(query.request, data[query.name] or {}, self._names, (*path, query.name))
        expected = None
        if "expect" in data:
            expected, wrong = expected_fields(query.response, data["expect"], self._names, (*path, "expect"))
            mistakes += wrong
        self.problems += [self._document.problem(*mistake) for mistake in mistakes]
        return QueryPlan(self._document.line_of(path), query, request, expected)

    def _balances(self, path: Path, data: dict[str, Any]) -> list[QueryPlan]:
        """Each balance as a query: ``anna: 5`` means that 5 are free and nothing is set aside."""
        plans: list[QueryPlan] = []
        query = QUERIES["get_balance"]
        for name, value in data.items():
            place = (*path, name)
            try:
                request = GetBalanceRequest(read_holder(name, self._names))
            except ValueError as error:
                self.problems.append(self._document.problem(place, name, str(error)))
                continue
            balance = {"free_neur": value, "escrow_neur": 0} if isinstance(value, int) else value
            expected, mistakes = expected_fields(query.response, {"balance": balance}, self._names, path)
            # The file has no field `balance` there.
            found = [Mistake((*place, *mistake.path[len(path) + 1 :]), *mistake[1:]) for mistake in mistakes]
            self.problems += [self._document.problem(*mistake) for mistake in found]
            plans.append(QueryPlan(self._document.line_of(place), query, request, expected))
        return plans
