"""From a file's text to a plan, or to all that is wrong with the file."""

from __future__ import annotations

import re

from node.scenario.block_reader import BlockReader
from node.scenario.document import Document
from node.scenario.format import STANDARD_ACCOUNTS, AccountEntry, BlockEntry, ScenarioEntry, account_fields
from node.scenario.genesis import build_genesis, default_vdg, meter_of, proof_key_name, vdg_names
from node.scenario.keyring import Keyring
from node.scenario.plan import BlockPlan, Plan
from node.scenario.problem import Problem, ScenarioError
from node.scenario.times import Clock
from node.scenario.validation import NAME_WAY_OUT, read_part

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def read_plan(text: str) -> Plan:
    """Read a scenario file. Raises: ScenarioError with every problem of the file."""
    document = Document(text)
    if not document.problems and not isinstance(document.data, dict):
        document.problems.append(document.problem((), document.data, "give a mapping with at least `blocks`"))
    if document.problems:
        raise ScenarioError(document.problems)
    problems: list[Problem] = []
    file = read_part(document, ScenarioEntry, document.data, (), problems)
    if not file.blocks:
        problems.append(document.problem(("blocks",), "", "there are none: give at least one block"))
    accounts = _accounts(document, file, problems)
    names = _keyring(file, accounts)
    vdg = default_vdg(file.genesis)
    problems += _clashes(document, file, accounts)
    outcome = build_genesis(document, file, accounts, names)
    problems += outcome.problems
    # With a wrong genesis there are no slots to count by, but all the rest can be read.
    clock = Clock(outcome.genesis.grid.grids) if outcome.genesis else None
    reader = BlockReader(document, names, vdg, _meters(accounts, vdg), clock)
    start_s = _time(document, clock, ("start",), file.start, 0, problems)
    blocks: list[BlockPlan] = []
    before_s = start_s
    for index, data in enumerate(file.blocks):
        block = read_part(document, BlockEntry, data, ("blocks", index), problems)
        before_s = _time(document, clock, ("blocks", index, "at"), block.at, before_s, problems)
        blocks.append(reader.read(index, block, before_s))
    problems += reader.problems
    if problems or outcome.genesis is None or clock is None:
        raise ScenarioError(problems)
    return Plan(
        title=file.title,
        about=file.about,
        chain_id=file.chain_id,
        start_s=start_s,
        app_state=outcome.app_state,
        genesis_line=document.line_of(("genesis",)),
        modules=tuple(outcome.genesis.modules),
        max_expiry_s=outcome.genesis.max_expiry_s,
        validators=tuple((names.public_key(name) or b"", power) for name, power in file.validators.items()),
        names=names,
        clock=clock,
        blocks=tuple(blocks),
    )


def _accounts(document: Document, file: ScenarioEntry, problems: list[Problem]) -> dict[str, AccountEntry]:
    """The standard accounts and the file's."""
    accounts = dict(STANDARD_ACCOUNTS)
    for name, data in file.accounts.items():
        path = ("accounts", name)
        if _NAME.fullmatch(name) is None:
            problems.append(document.problem(path, name, NAME_WAY_OUT))
        accounts[name] = read_part(document, AccountEntry, account_fields(data), path, problems)
    return accounts


def _keyring(file: ScenarioEntry, accounts: dict[str, AccountEntry]) -> Keyring:
    vdgs = dict.fromkeys([default_vdg(file.genesis), *vdg_names(file.genesis)])
    proof_keys = [proof_key_name(vdg) for vdg in vdgs]
    return Keyring(accounts, [*file.keys, *file.validators, *proof_keys])


def _clashes(document: Document, file: ScenarioEntry, accounts: dict[str, AccountEntry]) -> list[Problem]:
    """Keys that have an account's name."""
    return [
        document.problem(("keys", index), name, "is an account's name, which has a key already: give another name")
        for index, name in enumerate(file.keys)
        if name in accounts
    ]


def _meters(accounts: dict[str, AccountEntry], vdg: str) -> dict[str, dict[str, str]]:
    """The meters of those who are members from the start, by VDG and account's name."""
    meters: dict[str, dict[str, str]] = {}
    for name, entry in accounts.items():
        if "household" in entry.roles:
            meters.setdefault(entry.vdg or vdg, {})[name] = meter_of(name, entry)
    return meters


def _time(
    document: Document,
    clock: Clock | None,
    path: tuple[str | int, ...],
    text: int | str,
    before_s: int,
    problems: list[Problem],
) -> int:
    if clock is None:
        return before_s
    try:
        time_s = clock.read(text, before_s)
    except ValueError as error:
        problems.append(document.problem(path, text, str(error)))
        return before_s
    if time_s < before_s:
        way_out = f"is before {clock.show(before_s)}, the block before: time does not go back, give a later one"
        problems.append(document.problem(path, text, way_out))
        return before_s
    return time_s
