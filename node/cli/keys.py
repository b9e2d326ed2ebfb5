"""`vdg keys`: encrypted key files."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from node.cli.consensus_keys import consensus, possession
from node.cli.exits import CommandError, Exit
from node.cli.output import JsonOption, print_json

app = typer.Typer(no_args_is_help=True, help="Encrypted key files. None of these commands shows a secret.")

FolderOption = Annotated[
    Path | None,
    typer.Option("--keys", envvar="VDG_KEYS", help="The folder of keys given by name; else ~/.local/share/vdg/keys."),
]
PassphraseOption = Annotated[
    Path | None,
    typer.Option(help="A file whose first line is the passphrase; else $VDG_PASSPHRASE, else you are asked."),
]
NameArgument = Annotated[str, typer.Argument(help="A name in the keys folder, or a path with a slash.")]


app.command()(consensus)
app.command()(possession)


@app.command()
def new(
    name: NameArgument,
    keys: FolderOption = None,
    passphrase_file: PassphraseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new key and keep it in an encrypted file."""
    from wire.keystore import create
    from wire.passphrase import find_passphrase

    path = locate(name, keys)
    if path.exists():
        raise CommandError(f"{path} exists already: choose another name", Exit.BAD_INPUT)
    passphrase = find_passphrase(passphrase_file)
    if passphrase is None:
        if not sys.stdin.isatty():
            message = f"no passphrase for {path}: set VDG_PASSPHRASE, or give --passphrase-file"
            raise CommandError(message, Exit.BAD_INPUT)
        passphrase = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    create(path, passphrase)
    show_key(path, as_json)


@app.command()
def show(name: NameArgument, keys: FolderOption = None, as_json: JsonOption = False) -> None:
    """Show a key's address and public key; needs no passphrase."""
    show_key(locate(name, keys), as_json)


@app.command()
def address(name: NameArgument, keys: FolderOption = None, as_json: JsonOption = False) -> None:
    """Print a key's address alone, for use in scripts."""
    found = describe(locate(name, keys))["address"]
    if as_json:
        print_json({"address": found})
    else:
        typer.echo(found)


@app.command(name="list")
def list_keys(keys: FolderOption = None, as_json: JsonOption = False) -> None:
    """List the keys in the keys folder."""
    folder = keys or default_folder()
    found = [describe(path) for path in sorted(folder.glob("*.json"))]
    if as_json:
        print_json({"folder": str(folder), "keys": found})
        return
    for key in found:
        typer.echo(f"{key['address']}  {key['name']}")
    if not found:
        typer.echo(f"no keys in {folder}: `vdg keys new NAME` makes one", err=True)


def default_folder() -> Path:
    """`$XDG_DATA_HOME/vdg/keys`, or `~/.local/share/vdg/keys`."""
    named = os.environ.get("XDG_DATA_HOME", "")
    base = Path(named) if os.path.isabs(named) else Path.home() / ".local" / "share"
    return base / "vdg" / "keys"


def locate(name: str, keys: Path | None) -> Path:
    """The file of a key given by name or by path.

    Raises:
        CommandError: the name could not be a file's.
    """
    if "/" in name:
        return Path(name)
    if not name or name.startswith("."):
        raise CommandError(f"{name!r} is no name for a key: begin with a letter or digit", Exit.BAD_INPUT)
    return (keys or default_folder()) / f"{name.removesuffix('.json')}.json"


def describe(path: Path) -> dict[str, Any]:
    """What may be shown of a key."""
    from wire.keystore import read_public

    key = read_public(path)
    return {
        "name": path.stem,
        "address": key.address.hex(),
        "public_key": key.public_key.hex(),
        "file": str(path),
    }


def show_key(path: Path, as_json: bool) -> None:
    """Print what may be shown of a key."""
    key = describe(path)
    if as_json:
        print_json(key)
        return
    for field, value in key.items():
        typer.echo(f"{field.replace('_', ' '):<11} {value}")
