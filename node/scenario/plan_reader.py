"""From a file's text to a plan, or to all that is wrong with the file."""

from __future__ import annotations

from pydantic import ValidationError

from node.scenario.block_reader import BlockReader
from node.scenario.document import Document
from node.scenario.format import STANDARD_ACCOUNTS, AccountEntry, ScenarioFile
from node.scenario.genesis import build_genesis, default_vdg, meter_of, proof_key_name, vdg_names
from node.scenario.keyring import Keyring
from node.scenario.plan import BlockPlan, Plan
from node.scenario.problem import Problem, ScenarioError
from node.scenario.times import Clock
from node.scenario.validation import problems_of


def read_plan(text: str) -> Plan:
    """Read a scenario file. Raises: ScenarioError with every problem of the file."""
    document = Document(text)
    if document.problems:
        raise ScenarioError(document.problems)
    try:
        file = ScenarioFile.model_validate(document.data)
    except ValidationError as error:
        raise ScenarioError(problems_of(error, document, ScenarioFile)) from None
    accounts: dict[str, AccountEntry] = {**STANDARD_ACCOUNTS, **file.accounts}
    names = _keyring(file, accounts)
    outcome = build_genesis(document, file, accounts, names)
    problems = [*_clashes(document, file, accounts), *outcome.problems]
    if outcome.genesis is None:
        # The messages can be read all the same; times can't, without slots.
        reader = BlockReader(document, names, default_vdg(file.genesis), {})
        for index, block in enumerate(file.blocks):
            reader.read(index, block, 0)
        raise ScenarioError(problems + reader.problems)
    clock = Clock(outcome.genesis.grid.grids)
    vdg = default_vdg(file.genesis)
    reader = BlockReader(document, names, vdg, _meters(accounts, vdg))
    start_s = _time(document, clock, ("start",), file.start, 0, problems)
    blocks: list[BlockPlan] = []
    before_s = start_s
    for index, block in enumerate(file.blocks):
        time_s = _time(document, clock, ("blocks", index, "at"), block.at, before_s, problems)
        blocks.append(reader.read(index, block, time_s))
        before_s = time_s
    problems += reader.problems
    if problems:
        raise ScenarioError(problems)
    return Plan(
        title=file.title,
        about=file.about,
        chain_id=file.chain_id,
        start_s=start_s,
        app_state=outcome.app_state,
        modules=tuple(outcome.genesis.modules),
        max_expiry_s=outcome.genesis.max_expiry_s,
        validators=tuple((names.public_key(name) or b"", power) for name, power in file.validators.items()),
        names=names,
        clock=clock,
        blocks=tuple(blocks),
    )


def _keyring(file: ScenarioFile, accounts: dict[str, AccountEntry]) -> Keyring:
    vdgs = dict.fromkeys([default_vdg(file.genesis), *vdg_names(file.genesis)])
    proof_keys = [proof_key_name(vdg) for vdg in vdgs]
    return Keyring(accounts, [*file.keys, *file.validators, *proof_keys])


def _clashes(document: Document, file: ScenarioFile, accounts: dict[str, AccountEntry]) -> list[Problem]:
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
    clock: Clock,
    path: tuple[str | int, ...],
    text: int | str,
    before_s: int,
    problems: list[Problem],
) -> int:
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
