"""``python -m clients.dso.switches FILE``: the controller of a grid's phase switches."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

import uvloop

from clients.common.chain import Chain
from clients.common.configuration import ConfigurationError, read_configuration
from clients.common.errors import ChainError
from clients.common.slots import SlotClock
from clients.common.until_stopped import until_stopped
from clients.common.wallet import Wallet
from clients.dso.homes_file import read_homes
from clients.dso.passphrase import read_passphrase
from clients.dso.switches.configuration import ControllerConfiguration
from clients.dso.switches.controller import Controller
from wire.grid import GetGridRequest
from wire.keystore import KeystoreError

EXIT_REFUSED = 2
"""The process did not start; standard error says why."""
_PATIENCE_SECONDS = 3_600.0


async def serve(path: Path) -> None:
    """Run until SIGTERM or SIGINT. Raises: ConfigurationError, KeystoreError, ChainError before it runs."""
    configuration = read_configuration(path, ControllerConfiguration)
    account = configuration.account
    wallet = Wallet.from_key_file(account.keystore, read_passphrase(account.passphrase))
    homes = read_homes(configuration.homes_csv)
    await until_stopped(_work(configuration, wallet, homes))


async def _work(configuration: ControllerConfiguration, wallet: Wallet, homes: dict[bytes, str]) -> None:
    gateway, vdg = configuration.gateway, configuration.vdg
    chain = await Chain.open(
        gateway.target, state=configuration.chain_state, tls=gateway.tls_files, chain_id=configuration.chain_id
    )
    async with chain:
        grid = (await chain.query(GetGridRequest(vdg), patience_seconds=_PATIENCE_SECONDS)).grid
        if grid is None:
            raise ConfigurationError(f"vdg = {vdg}: chain {chain.chain_id} has no such grid")
        clock = SlotClock(grid.epoch_s, grid.slot_seconds)
        await Controller(chain, wallet, configuration.mqtt, vdg, clock, homes).run()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m clients.dso.switches", description=__doc__)
    parser.add_argument("configuration", type=Path, help="a YAML file, see docs/control.md")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(parser.parse_args().configuration))
    except (ConfigurationError, KeystoreError, ChainError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
