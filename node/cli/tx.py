"""`vdg tx`: a command for every message that can be sent, made from the wire types."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from clients.common.chain import Chain
from clients.common.errors import Refused
from clients.common.wallet import Wallet
from node.cli.access import GatewayOptions, KeyFolder, KeysOption, TimeoutOption, open_wallet
from node.cli.exits import CommandError, Exit
from node.cli.option_group import with_groups
from node.cli.options import command_for, message_from
from node.cli.output import JsonOption, print_json
from node.cli.sending import Outcome, accept, execute
from node.messages.schema import TRANSACTIONS, FieldOf, choice_in, fields_of, module_of
from wire.accounts import RotateKey, rotation_bytes

app = typer.Typer(no_args_is_help=True, help="Send a transaction: one command a message, by module.")

KeyOption = Annotated[
    str, typer.Option("--key", envvar="VDG_KEY", metavar="NAME|FILE", help="Who signs: a key file, as in `vdg keys`.")
]
PassphraseOption = Annotated[
    Path | None,
    typer.Option(help="A file whose first line is the passphrase; else $VDG_PASSPHRASE, else you are asked."),
]
SenderOption = Annotated[
    str | None,
    typer.Option("--sender", metavar="ADDRESS", help="The account, when its key was replaced and is not the file's."),
]
WaitOption = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the block, or only until it is accepted.")]


def _sender_of(cls: type[Any], chosen: FieldOf | None = None) -> Any:
    @with_groups
    def send(
        fields: dict[str, Any],
        key: KeyOption,
        gateway: GatewayOptions,
        sender: SenderOption = None,
        wait: WaitOption = True,
        as_json: JsonOption = False,
        timeout: TimeoutOption = 60.0,
        keys: KeysOption = None,
        passphrase_file: PassphraseOption = None,
    ) -> None:
        message = message_from(cls, fields, KeyFolder(keys), chosen)
        wallet = open_wallet(key, keys, passphrase_file, sender)
        report(
            lambda: gateway.run(
                timeout, lambda chain: outcome_of(chain, gateway.channel(), wallet, message, wait, timeout)
            ),
            as_json,
        )

    return send


async def outcome_of(
    chain: Chain, channel: Any, wallet: Wallet, message: Any, wait: bool, timeout_seconds: float
) -> Outcome:
    """Send a message and wait as asked. Raises: Refused, ChainError; CommandError after the time given."""
    try:
        async with asyncio.timeout(timeout_seconds), channel:
            send = execute if wait else accept
            return await send(chain, channel, wallet, message)
    except TimeoutError:
        text = f"no result within {timeout_seconds:g} s; the transaction may still be executed: query before you repeat"
        raise CommandError(text, Exit.UNREACHABLE) from None


def report(send: Any, as_json: bool) -> None:
    """Print what became of a transaction. Raises: Refused, which ends the command with exit code 4."""
    try:
        outcome = send()
    except Refused as refused:
        if as_json:
            print_json(Outcome.refused(refused).as_json())
        raise
    if as_json:
        print_json(outcome.as_json())
        return
    for line in outcome.lines():
        typer.echo(line)


@with_groups
def _rotation(
    new_key: Annotated[str, typer.Option("--new-key", metavar="NAME|FILE", help="The key that takes over.")],
    key: KeyOption,
    gateway: GatewayOptions,
    sender: SenderOption = None,
    wait: WaitOption = True,
    as_json: JsonOption = False,
    timeout: TimeoutOption = 60.0,
    keys: KeysOption = None,
    passphrase_file: PassphraseOption = None,
    new_passphrase_file: PassphraseOption = None,
) -> None:
    """The sender replaces its key; its address stays. The new key signs that its owner has it."""
    wallet = open_wallet(key, keys, passphrase_file, sender)
    new = open_wallet(new_key, keys, new_passphrase_file or passphrase_file, None)

    async def rotate(chain: Chain) -> Outcome:
        proof = new.sign(rotation_bytes(chain.chain_id, wallet.address, new.public_key))
        message = RotateKey(new.public_key, proof)
        return await outcome_of(chain, gateway.channel(), wallet, message, wait, timeout)

    report(lambda: gateway.run(timeout, rotate), as_json)


def _add_commands() -> None:
    groups: dict[str, typer.Typer] = {}
    for name, cls in TRANSACTIONS.items():
        module = module_of(cls)
        if module not in groups:
            groups[module] = typer.Typer(no_args_is_help=True, help=f"Messages of module {module}.")
            app.add_typer(groups[module], name=module)
        choice = choice_in(cls)
        if choice is not None:
            # Its alternatives have fields of the same names, so each is a command of its own.
            group = typer.Typer(no_args_is_help=True, help=cls.__doc__)
            groups[module].add_typer(group, name=name.replace("_", "-"))
            for chosen in fields_of(choice.spec.type):
                command = command_for(cls, _sender_of(cls, chosen), chosen)
                group.command(chosen.name.replace("_", "-"))(command)
            continue
        # The proof of a rotation is made by the new key, so that its fields would be of no help.
        command = _rotation if cls is RotateKey else command_for(cls, _sender_of(cls))
        groups[module].command(name.replace("_", "-"))(command)


_add_commands()
