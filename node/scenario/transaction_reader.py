"""From a file's transactions to plans."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, ValidationError

from abci_app.modules.genesis_types import Name, Section
from node.messages.reading import Path, did_you_mean, read_message
from node.messages.schema import TRANSACTIONS
from node.scenario.document import Document
from node.scenario.keyring import Keyring
from node.scenario.patterns import Patterns
from node.scenario.plan import Again, FlowProofs, Mutation, NewKey, RawBytes, TxExpectation, TxPlan
from node.scenario.problem import Problem
from node.scenario.times import Clock
from node.scenario.validation import problems_of
from wire.codec import MAX_INT64, MAX_UINT, MIN_INT64
from wire.results import Code

_OPTIONS = ("from", "nonce", "expires", "sign_with", "mutate", "expect")
_FLOW_PROOFS, _NEW_KEY, _RAW, _REPLAY = "flow_proofs", "new_key", "raw", "replay"
_KINDS = (*TRANSACTIONS, _FLOW_PROOFS, _NEW_KEY, _RAW)


class _FlowProofsEntry(Section):
    """``flow_proofs``: metered net flows (Wh, positive = taken from the grid), which the VDG's proof key signs."""

    slot: int = Field(ge=0, le=MAX_UINT)
    vdg: Name | None = None
    flows: dict[str, Annotated[int, Field(ge=MIN_INT64, le=MAX_INT64)]] = Field(min_length=1)
    meters: dict[str, str] = Field(default_factory=dict)
    signed_by: str | None = None


class _ExpectEntry(Section):
    """``expect`` of a transaction in its long form; the short form is the code alone."""

    code: str | None = None
    message: str = ""
    events: list[dict[str, Any] | str] = Field(default_factory=list)


class TransactionReader:
    """Reads transactions and adds what is wrong with them to ``problems``."""

    def __init__(
        self,
        document: Document,
        names: Keyring,
        vdg: str,
        meters: dict[str, dict[str, str]],
        clock: Clock | None,
        problems: list[Problem],
    ) -> None:
        self._document = document
        self._names = names
        self._vdg = vdg
        self._meters = meters
        self._clock = clock
        self._problems = problems

    def read(self, path: Path, data: Any, time_s: int) -> TxPlan:
        """The plan of a transaction in a block of this time; of no use when there are problems."""
        if not isinstance(data, dict):
            self._wrong(path, data, f"give `from` and one of {', '.join(_KINDS)}, as a mapping")
            return TxPlan(self._document.line_of(path), "", "", None, self._expectation(path, None))
        mutation = self._mutation((*path, "mutate"), data.get("mutate"))
        name, content = self._content(path, data, mutation)
        return TxPlan(
            line=self._document.line_of(path),
            sender="" if name == _RAW else self._name(path, "from", data, self._names.account_names) or "",
            name=name,
            content=content,
            expectation=self._expectation((*path, "expect"), data.get("expect")),
            nonce=self._nonce((*path, "nonce"), data.get("nonce")),
            expires_s=self._expires_s((*path, "expires"), data.get("expires"), time_s),
            sign_with=self._name(path, "sign_with", data, self._names.key_names) if "sign_with" in data else None,
            mutation=mutation,
        )

    def _wrong(self, path: Path, value: Any, way_out: str) -> None:
        self._problems.append(self._document.problem(path, value, way_out))

    def _name(self, path: Path, field: str, data: dict[str, Any], known: list[str]) -> str | None:
        name = data.get(field)
        if not isinstance(name, str) or name not in known:
            self._wrong((*path, field), name, f"no such name; {did_you_mean(str(name), known)}")
            return None
        return name

    def _mutation(self, path: Path, value: Any) -> Mutation | None:
        known = [mutation.value for mutation in Mutation]
        if value is None:
            return None
        if value not in known:
            self._wrong(path, value, did_you_mean(str(value), known))
            return None
        return Mutation(value)

    def _nonce(self, path: Path, value: Any) -> int | None:
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_UINT):
            self._wrong(path, value, f"give a whole number from 0 to {MAX_UINT}")
            return None
        return value

    def _expires_s(self, path: Path, value: Any, time_s: int) -> int | None:
        """Unix seconds; None for the default. Without a clock the genesis is wrong, which is said elsewhere."""
        if value is None or self._clock is None:
            return None
        try:
            return self._clock.read(value, time_s)
        except ValueError as error:
            self._wrong(path, value, str(error))
            return None

    def _content(self, path: Path, data: dict[str, Any], mutation: Mutation | None) -> tuple[str, Any]:
        """The name of what is sent, and what it is."""
        kinds = [key for key in data if key not in _OPTIONS]
        if mutation is Mutation.REPLAY:
            for kind in kinds:
                self._wrong((*path, kind), data[kind], "leave it out: a replay sends the sender's last bytes again")
            return _REPLAY, Again()
        if len(kinds) != 1:
            self._wrong(path, ", ".join(kinds), f"give exactly one of {', '.join(_KINDS)}")
            return "", None
        name = kinds[0]
        place = (*path, name)
        if name in TRANSACTIONS:
            message, mistakes = read_message(TRANSACTIONS[name], data[name] or {}, self._names, place)
            self._problems += [self._document.problem(*mistake) for mistake in mistakes]
            return name, message
        if name == _FLOW_PROOFS:
            return name, self._flow_proofs(place, data[name])
        if name == _NEW_KEY:
            return name, NewKey(self._name(path, name, data, self._names.key_names) or "")
        if name == _RAW:
            return name, self._raw(place, data[name])
        self._wrong(place, data[name], f"no such message or option; {did_you_mean(name, [*_KINDS, *_OPTIONS])}")
        return name, None

    def _raw(self, path: Path, value: Any) -> RawBytes | None:
        try:
            return RawBytes(bytes.fromhex(value))
        except (TypeError, ValueError):
            self._wrong(path, value, "give hexadecimal digits in quotes, two a byte")
            return None

    def _flow_proofs(self, path: Path, data: Any) -> FlowProofs | None:
        try:
            entry = _FlowProofsEntry.model_validate(data)
        except ValidationError as error:
            self._problems += problems_of(error, self._document, _FlowProofsEntry, path)
            return None
        for field, named in (("flows", list(entry.flows)), ("meters", list(entry.meters))):
            for name in named:
                if name not in self._names.account_names:
                    way_out = f"no such account; {did_you_mean(name, self._names.account_names)}"
                    self._wrong((*path, field, name), name, way_out)
        if entry.signed_by is not None:
            self._name(path, "signed_by", {"signed_by": entry.signed_by}, self._names.key_names)
        vdg = entry.vdg or self._vdg
        meters = {name: self._meters.get(vdg, {}).get(name, f"meter-{name}") for name in entry.flows}
        return FlowProofs(vdg, entry.slot, entry.flows, {**meters, **entry.meters}, entry.signed_by)

    def _expectation(self, path: Path, data: Any) -> TxExpectation:
        line = self._document.line_of(path)
        if data is None:
            return TxExpectation(line)
        try:
            entry = _ExpectEntry.model_validate({"code": data} if isinstance(data, str) else data)
        except ValidationError as error:
            self._problems += problems_of(error, self._document, _ExpectEntry, path)
            return TxExpectation(line)
        codes = [code.name for code in Code]
        if entry.code is not None and entry.code not in codes:
            self._problems.append(self._document.problem(path, entry.code, did_you_mean(entry.code, codes)))
            return TxExpectation(line)
        patterns = Patterns(self._document, self._names, self._problems)
        return TxExpectation(
            line,
            Code[entry.code] if entry.code else None,
            entry.message,
            patterns.read((*path, "events"), entry.events),
        )
