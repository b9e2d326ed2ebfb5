"""`vdg node`: one node of a chain: join, status, backup, restore."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.exits import CommandError, Exit
from node.cli.node_home import HomeOption, must_be_a_node, must_be_several, node_inside
from node.cli.output import JsonOption, note, print_json

if TYPE_CHECKING:
    from node.localnet.joining import Chain, Trust
    from node.localnet.localnet import Localnet


def join_command(
    from_: Annotated[
        list[str],
        typer.Option("--from", help="RPC address of a running node; give two at least (as http://HOST:PORT)."),
    ],
    home: Annotated[Path, typer.Option("--home", help="The new node's folder; the node is in HOME/node.")] = Path(
        "run/node"
    ),
    trust_height: Annotated[
        int | None, typer.Option(min=1, help="Trust the block at this height; with --trust-hash.")
    ] = None,
    trust_hash: Annotated[
        str | None, typer.Option(help="That block's hash, from somebody you know; else what the nodes say.")
    ] = None,
    start: Annotated[bool, typer.Option("--start/--no-start", help="Start the node and wait until it follows.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Make a new node without power, which joins a running chain by state sync and follows on.

    Compare the shown block hash with somebody who runs a node: all else is verified from it. `vdg localnet` steers the
    node later: status, logs, down, up --home HOME.
    """
    from node.localnet.joining import look_up, make_joining

    must_be_several(from_)
    chain = asyncio.run(look_up(from_, _trust(trust_height, trust_hash)))
    make_joining(home, chain)
    note(f"{chain.chain_id}: trusting block {chain.trust.height} with hash {chain.trust.hash.hex()}")
    if start:
        _start(home)
    if as_json:
        print_json(_described(home, chain))
    else:
        typer.echo(f"the node of {chain.chain_id} is in {home}" + ("" if start else f": vdg localnet up --home {home}"))


def status_command(home: HomeOption, as_json: JsonOption = False) -> None:
    """Show what a node keeps: its snapshots, and how much of the disk each part takes. The node may run."""
    from node.backup.freezing import holders
    from node.cometbft.home import Home
    from node.localnet.diskuse import disk_use
    from node.snapshots.folder import SnapshotFolder

    must_be_a_node(home)
    node = Home.open(home)
    offers = SnapshotFolder(home, kept=1).read()
    found = {
        "home": str(home.resolve()),
        "node_id": node.node_id,
        "validator_address": node.validator_key.address.hex(),
        "processes": holders(home),
        "snapshots": [{"height": offer.height, "chunks": offer.chunks, "hash": offer.hash.hex()} for offer in offers],
        "disk_bytes": disk_use(home),
    }
    if as_json:
        print_json(found)
        return
    typer.echo(f"{home}: {'runs' if found['processes'] else 'stopped'}; node {node.node_id}")
    for offer in offers:
        typer.echo(f"snapshot of height {offer.height}: {offer.chunks} chunks, {offer.hash.hex()}")
    for name, size in disk_use(home).items():
        typer.echo(f"{size:>14,} bytes  {name}")


def backup_command(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    home: HomeOption,
    as_json: JsonOption = False,
) -> None:
    """Write a node's blocks and state to a file. The node may run; it stands still for some milliseconds.

    Keys are not in it, nor the record of what the validator has signed: keep the keys (config/*_key.json) elsewhere,
    once; never keep or copy data/priv_validator_state.json.
    """
    from node.backup.backup import back_up

    must_be_a_node(home)
    if file.exists():
        raise CommandError(f"{file} exists: choose another name", Exit.BAD_INPUT)
    if not file.parent.is_dir():
        text = f"{file.parent} is no folder: make it, or choose another one for {file.name}"
        raise CommandError(text, Exit.BAD_INPUT)
    contents = back_up(home, file)
    size = file.stat().st_size
    if as_json:
        print_json({"file": str(file), "size_bytes": size, **contents.model_dump(mode="json", exclude={"files"})})
    else:
        typer.echo(f"{file}: {contents.chain_id} up to block {contents.height}, {size:,} bytes")


def restore_command(
    file: Annotated[Path, typer.Argument(help="A file of `vdg node backup`.")],
    home: Annotated[
        Path, typer.Option("--home", help="A stopped node's folder (it has config/), or one to make a new node in.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Put a backup into a stopped node, or make a new node of it; then it follows the chain from there.

    A node that is there keeps its keys, settings and its record of what it signed, so it can't sign anything twice;
    what is replaced is set aside. A new node gets keys of its own, without power.
    """
    from node.backup.backup import restore

    if (inner := node_inside(home)) is not None:
        text = f"{home} holds a node already: give --home {inner} to put the backup in its place, or another folder"
        raise CommandError(text, Exit.BAD_INPUT)
    done = restore(file, home)
    if as_json:
        aside = str(done.set_aside) if done.set_aside else None
        print_json({"node": str(done.node), "chain_id": done.chain_id, "height": done.block.height, "set_aside": aside})
        return
    typer.echo(f"{done.node}: {done.chain_id} at block {done.block.height}, app hash {done.block.app_hash.hex()}")
    if done.set_aside:
        typer.echo(f"what was there is in {done.set_aside}; remove it when the node follows again")
    else:
        typer.echo(f"start it: vdg localnet up --home {home}")


def _trust(height: int | None, hash_: str | None) -> Trust | None:
    from node.localnet.joining import Trust

    if height is None and hash_ is None:
        return None
    try:
        digest = bytes.fromhex(hash_ or "")
    except ValueError:
        digest = b""
    if height is None or len(digest) != 32:
        message = f"--trust-height {height} --trust-hash {hash_}: give both; a hash has 64 hexadecimal digits"
        raise CommandError(message, Exit.BAD_INPUT)
    return Trust(height, digest)


def _described(home: Path, chain: Chain) -> dict[str, object]:
    return {
        "home": str(home.resolve()),
        "chain_id": chain.chain_id,
        "trust_height": chain.trust.height,
        "trust_hash": chain.trust.hash.hex(),
        "peers": list(chain.peers),
    }


def _start(home: Path) -> None:
    """Start the node in the background and tell how it comes along until it follows the chain."""
    from node.cli.joining_progress import JoiningProgress
    from node.localnet.control import start_in_background
    from node.localnet.joining import NAME
    from node.localnet.localnet import Localnet
    from node.localnet.wiring import log_of
    from node.toolchain import binary

    net = Localnet.open(home)
    binary(version=net.plan.cometbft_version)
    progress = JoiningProgress(log_of(net.home, f"{NAME}.app"), note)
    start_in_background(home, note, on_wait=progress.show)
    progress.show()
    asyncio.run(_until_it_follows(net))


async def _until_it_follows(net: Localnet) -> None:
    from node.cometbft.rpc import RpcClient

    async with RpcClient(net.plan.validators[0].rpc_url) as rpc:
        while (status := await rpc.status()).catching_up:
            note(f"at height {status.height}, catching up")
            await asyncio.sleep(1)
    note(f"follows at height {status.height}")
