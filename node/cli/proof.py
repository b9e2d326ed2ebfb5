"""`vdg proof`: what a file proves, without a network."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from clients.common.configuration import ConfigurationError
from clients.common.trust import read_genesis
from node.cli.exits import CommandError, Exit
from node.cli.output import JsonOption, print_json
from node.cli.proof_words import fields, sentence, signed_by, when
from node.cli.tables import text_of
from node.cli.trusting import (
    USUAL_PERIOD_HOURS,
    EndOption,
    GenesisOption,
    TrustHashOption,
    TrustHeightOption,
    trust_from,
)
from wire.light.hashing import header_hash
from wire.light.verify import Anchor, Trust
from wire.proof_file import MAX_FILE_BYTES, Checked, TrustedHash, check_proof_file, parse_proof_file
from wire.receipts import ITEM, Read, check_receipt, slot_time

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A file of `vdg query --prove` or `vdg receipt`.")]


def check_command(
    file: FileArgument,
    genesis: GenesisOption = None,
    trust_height: TrustHeightOption = None,
    trust_hash: TrustHashOption = None,
    trusting_period_hours: EndOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say in words what a file proves, and who signed it. Asks nobody.

    Trust begins with the validators in --genesis, or with the header of --trust-height and --trust-hash. Exit code 0:
    proved; 5: not proved, with the reason; 2: the options or the file can't be used.
    """
    trust = trust_from(genesis, trust_height, trust_hash, trusting_period_hours or USUAL_PERIOD_HOURS)
    # A file's headers don't become wrong with age.
    reach = trust.reach if trusting_period_hours else Trust(period_s=None)
    trusted: Anchor | TrustedHash
    if trust.height is not None and trust.hash is not None:
        trusted = TrustedHash(trust.height, bytes.fromhex(trust.hash))
    else:
        trusted = _genesis(genesis)
    found = parse_proof_file(_content(file))
    checked = check_proof_file(found, trusted, reach, time.time_ns())
    reads = check_receipt(found)
    if as_json:
        print_json(as_data(checked, reads))
        return
    for line in as_words(checked, reads, trusted):
        typer.echo(line)


def as_words(checked: Checked, reads: tuple[Read, ...], trusted: Anchor | TrustedHash) -> list[str]:
    """What a checked file proves, line by line."""
    file = checked.file
    what = "Proved" if file.kind == "item" else f"Proved: a {file.kind} receipt"
    lines = [f"{what}, of chain {file.chain_id} as it was after block {file.height}:"]
    lines += [f"  {sentence(read)}" for read in reads]
    if file.kind != ITEM:
        lines.append(f"  {when(reads)}")
    for read in reads:
        lines += [f"    {line}" for line in _value_lines(fields(read)["value"])]
    lines += signed_by(checked)
    if isinstance(trusted, TrustedHash):
        lines.append(f"This rests on header {trusted.height} having the hash {trusted.hash.hex()}, which you gave.")
    else:
        first = {validator.public_key for validator in trusted.validators}
        of_first = sum(signer.validator.public_key in first for signer in checked.signers)
        lines.append(
            f"This rests on the {len(first)} validators of the genesis document that you gave; {of_first} of those who "
            "signed are among them."
        )
    return lines


def as_data(checked: Checked, reads: tuple[Read, ...]) -> dict[str, Any]:
    """What a checked file proves, as plain data."""
    file = checked.file
    slot = {} if file.kind == ITEM else {"slot": slot_time(reads)._asdict()}
    return slot | {
        "proved": True,
        "kind": file.kind,
        "chain_id": file.chain_id,
        "height": file.height,
        "items": [
            {"store": read.item.store, "key": read.item.key.hex(), "says": sentence(read)} | fields(read)
            for read in reads
        ],
        "header": {
            "height": file.block.height,
            "time_ns": file.block.header.time_ns,
            "hash": header_hash(file.block.header).hex(),
        },
        "signers": [
            {
                "address": signer.validator.address.hex(),
                "public_key": signer.validator.public_key.hex(),
                "power": signer.validator.power,
                "time_ns": signer.time_ns,
            }
            for signer in checked.signers
        ],
        "total_power": sum(validator.power for validator in file.block.validators),
    }


def _genesis(path: Path | None) -> Anchor:
    if path is None:
        raise CommandError("give --genesis FILE, or --trust-height and --trust-hash", Exit.BAD_INPUT)
    try:
        return read_genesis(path)
    except ConfigurationError as error:
        raise CommandError(str(error), Exit.BAD_INPUT) from None


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            # One byte more than is allowed tells that there are too many.
            return stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path}: can't be read ({error.strerror}): give a proof file", Exit.BAD_INPUT) from None


def _value_lines(value: dict[str, Any] | None) -> list[str]:
    return [f"{name}: {text_of(shown)}" for name, shown in (value or {}).items() if shown not in (None, "", [])]
