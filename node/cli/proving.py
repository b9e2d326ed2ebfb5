"""Getting proofs from a gateway, and writing them to files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from clients.common.chain import Chain
from clients.common.errors import Unavailable
from clients.common.trust import TrustSection
from clients.common.verified import ProvenItem, VerifiedReads
from node.cli.exits import CommandError, Exit
from node.cli.output import print_json
from node.cli.proof_words import sentence
from wire.light.block import LightBlock
from wire.light.client import BlockUnavailable
from wire.proof_file import FiledItem, ProofFile, proof_file_text
from wire.receipts import ITEM, check_receipt, read_items
from wire.state_keys import Item


async def prove(chain: Chain, trust: TrustSection, items: Sequence[Item[Any]], kind: str, seconds: float) -> ProofFile:
    """Verified proofs of items, of one height, as they go into a file.

    Raises: Unverified, Unavailable, GatewayError.
    """
    try:
        async with asyncio.timeout(seconds):
            reads = await chain.verified(trust)
            proven = await reads.prove(items)
            file = ProofFile(
                kind,
                chain.chain_id,
                proven[0].height,
                tuple(FiledItem(one.item.store, one.item.key, one.data, one.ops) for one in proven),
                proven[0].header.block,
                await _trail(reads, trust, proven[0]),
            )
    except TimeoutError:
        raise Unavailable(f"no proof within {seconds:g} s") from None
    except BlockUnavailable as error:
        raise Unavailable(str(error)) from error
    if kind != ITEM and file.items[0].value is None:
        text = (
            f"{sentence(read_items(file)[0])} That is proved, so that no {kind} receipt is written. What is over is "
            "forgotten after some slots (docs/genesis.md, keep_slots)"
        )
        raise CommandError(text, Exit.FAILURE)
    check_receipt(file)
    return file


async def _trail(reads: VerifiedReads, trust: TrustSection, proven: ProvenItem) -> tuple[LightBlock, ...]:
    """The blocks that lead from the trusted one, itself among them, to the proof's; without that one."""
    trail = proven.header.trail[:-1]
    if trust.height is None or any(block.height == trust.height for block in proven.header.trail):
        return trail
    return (await reads.light.primary.light_block(trust.height), *trail)


def tell_written(path: Path, file: ProofFile, size_bytes: int, as_json: bool) -> None:
    """Say what was written."""
    says = [sentence(read) for read in read_items(file)]
    if as_json:
        print_json({"file": str(path), "bytes": size_bytes, "height": file.height, "says": says})
        return
    for line in says:
        typer.echo(line)
    typer.echo(f"{path}: {size_bytes} bytes, proved after block {file.height}; check it with `vdg proof check {path}`")


def write_file(path: Path, file: ProofFile) -> int:
    """Write a proof file; returns its size in bytes. Raises: CommandError."""
    text = proof_file_text(file)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"--out {path}: can't be written ({error.strerror})", Exit.BAD_INPUT) from None
    return len(text.encode())
