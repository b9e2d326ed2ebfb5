"""`vdg keys consensus` and `vdg keys possession`: the keys with which validators vote, in CometBFT's own files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from node.cli.exits import CommandError, Exit
from node.cli.output import JsonOption, print_json

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE|HOME", help="A priv_validator_key.json, or the folder of a node that has one.")
]


def consensus(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the new priv_validator_key.json goes.")],
    as_json: JsonOption = False,
) -> None:
    """Make a new consensus key in CometBFT's form, unencrypted as CometBFT wants it, for its owner's eyes only."""
    from node.cometbft.home import write_secret
    from node.cometbft.node_keys import Key, validator_key_json

    key = Key.generate()
    try:
        write_secret(file, validator_key_json(key))
    except FileExistsError:
        raise CommandError(f"{file} exists already: choose another name", Exit.BAD_INPUT) from None
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}", Exit.BAD_INPUT) from None
    _show({"public_key": key.public_key.hex(), "file": str(file)}, as_json)


def possession(
    file: FileArgument,
    chain_id: Annotated[str, typer.Option(help="The chain that the validator joins.")],
    operator: Annotated[str, typer.Option(metavar="ADDRESS", help="Its operator's account.")],
    as_json: JsonOption = False,
) -> None:
    """Sign with a consensus key that its owner has it, as proposals to join or to rotate a key need it."""
    from nacl.signing import SigningKey

    from node.cometbft.home import VALIDATOR_KEY
    from node.cometbft.node_keys import read_key
    from wire.address import parse_address
    from wire.governance import possession_bytes

    path = file / VALIDATOR_KEY if file.is_dir() else file
    try:
        key, account = read_key(path), parse_address(operator)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}; give a node's folder or its key file", Exit.BAD_INPUT) from None
    except ValueError as error:
        raise CommandError(str(error), Exit.BAD_INPUT) from None
    if not 1 <= len(chain_id.encode()) <= 255:
        raise CommandError(f"--chain-id {chain_id!r}: give 1 to 255 bytes", Exit.BAD_INPUT)
    proof = SigningKey(key.seed).sign(possession_bytes(chain_id, key.public_key, account)).signature
    _show({"public_key": key.public_key.hex(), "proof": proof.hex()}, as_json)


def _show(found: dict[str, str], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        typer.echo(f"{name}  {value}")
