"""The application's genesis for a new localnet, from what was typed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from node.cli.exits import CommandError, Exit
from wire.strict_json import BadJson, read_json


def read_app_state(file: Path | None, accounts: Sequence[str], keys: Path | None, *, is_vdg: bool) -> dict[str, Any]:
    """The genesis of the application, from a JSON file or from accounts "KEY:ROLE,ROLE".

    Another application than vdg gets what is in the file, unseen, or an empty object.

    Raises:
        CommandError: it is missing, cannot be read, or is wrong; every error of the file is named at once.
    """
    if file is not None and accounts:
        raise CommandError("give --app-state or --account, not both", Exit.BAD_INPUT)
    if file is None and is_vdg and not accounts:
        raise CommandError(
            "a new localnet needs its first accounts: give --account KEY:registrar,issuer (`vdg keys new KEY` makes a "
            "key), or a whole genesis with --app-state FILE",
            Exit.BAD_INPUT,
        )
    state = {} if file is None else read_object(file)
    if accounts:
        state = state_of([parse_account(text, keys) for text in accounts])
    if is_vdg:
        check(state)
    return state


def state_of(accounts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The genesis of these accounts; where there are operators among them, they govern the chain."""
    governed = any("operator" in account["roles"] for account in accounts)
    return {"accounts": {"accounts": list(accounts)}} | ({"governance": {}} if governed else {})


def read_object(file: Path) -> dict[str, Any]:
    """A JSON object in a file."""
    try:
        content = read_json(file.read_bytes())
    except OSError as error:
        raise CommandError(f"--app-state {file}: {error.strerror}", Exit.BAD_INPUT) from error
    except BadJson as error:
        raise CommandError(f"--app-state {file} {error}", Exit.BAD_INPUT) from error
    if not isinstance(content, dict):
        raise CommandError(f"--app-state {file} must be a JSON object", Exit.BAD_INPUT)
    return content


def parse_account(text: str, keys: Path | None) -> dict[str, Any]:
    """An account of the genesis from "KEY:ROLE,ROLE"."""
    from node.cli.keys import locate
    from wire.keystore import read_public

    name, _, roles = text.rpartition(":")
    if not name or not roles:
        raise CommandError(f"--account {text!r}: give KEY:ROLE, such as admin:registrar,issuer", Exit.BAD_INPUT)
    key = read_public(locate(name, keys))
    return {"public_key": key.public_key.hex(), "roles": roles.split(","), "label": key.path.stem}


def check(state: dict[str, Any]) -> None:
    """Validate a genesis by the application's own rules, so that no validator has to die of it."""
    from abci_app.genesis import GenesisError, parse_genesis

    try:
        parse_genesis(json.dumps(state))
    except GenesisError as error:
        raise CommandError(str(error), Exit.BAD_INPUT) from error
