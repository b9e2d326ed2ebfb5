"""``python -m node.validator --home DIR``: serve the application of one validator until a signal."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
from pathlib import Path

from abci_app.app import DEFAULT_VERSIONS
from abci_app.genesis import GenesisError
from abci_app.migrations import THIS_SOFTWARE, Software
from abci_app.upgrade import WrongSoftware
from node.abci import AbciError, run
from node.snapshots.service import DEFAULT_INTERVAL_BLOCKS, DEFAULT_KEPT, Snapshots
from node.store import DEFAULT_RESERVE_BYTES, StoreUnavailable, store_place
from node.store.disk import Disk
from node.validator.application import Keeping, ValidatorApplication
from node.validator.disk_watch import DiskWatch
from node.validator.exits import exit_for
from node.validator.retention import DEFAULT_RETAIN_BLOCKS, DEFAULT_RETAIN_SECONDS, Retention
from node.validator.state_home import StateHome

_MIB = 1024 * 1024


def main(software: Software = THIS_SOFTWARE) -> int:
    """The exit code, a `ValidatorExit`; unless it is 0, the last line logged says what ended the application."""
    parser = argparse.ArgumentParser(prog="python -m node.validator", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the validator's folder; state goes to HOME/state")
    parser.add_argument("--address", help="where CometBFT connects (default: app.sock in HOME)")
    parser.add_argument(
        "--reserve-mib",
        type=int,
        default=DEFAULT_RESERVE_BYTES // _MIB,
        help="end with exit code 74 when the disk has less than this left, in MiB (default: %(default)s)",
    )
    _add_number(parser, "versions", DEFAULT_VERSIONS, "for how many of the last heights items are proved")
    _add_number(parser, "snapshot-interval", DEFAULT_INTERVAL_BLOCKS, "blocks from snapshot to snapshot; 0: none")
    _add_number(parser, "snapshots-kept", DEFAULT_KEPT, "how many snapshots stay", at_least=1)
    _add_number(parser, "retain-blocks", DEFAULT_RETAIN_BLOCKS, "CometBFT keeps as many blocks at least; 0: all")
    _add_number(parser, "retain-seconds", DEFAULT_RETAIN_SECONDS, "and the blocks of as long a time at least")
    arguments = parser.parse_args()
    if arguments.reserve_mib < 0:
        parser.error(f"argument --reserve-mib: {arguments.reserve_mib} is negative: give 0 or more")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        _serve(arguments, software)
    except (StoreUnavailable, GenesisError, WrongSoftware, AbciError) as error:
        # What failed inside a request of CometBFT's comes wrapped; these say more by themselves.
        cause = error.__cause__ if isinstance(error.__cause__, StoreUnavailable | WrongSoftware) else error
        logging.getLogger("vdg.validator").error("%s", cause)
        return exit_for(cause)
    return 0


def _add_number(parser: argparse.ArgumentParser, name: str, default: int, help_: str, at_least: int = 0) -> None:
    """An option that takes a whole number."""

    def number(text: str) -> int:
        value = int(text)
        if value < at_least:
            raise argparse.ArgumentTypeError(f"{value} is too small: give {at_least} or more")
        return value

    parser.add_argument(f"--{name}", type=number, default=default, help=f"{help_} (default: %(default)s)")


def _serve(arguments: argparse.Namespace, software: Software) -> None:
    """Serve until a signal. Raises: what the store, the genesis or the socket is refused with."""
    home: Path = arguments.home
    state = StateHome(home, arguments.reserve_mib * _MIB, arguments.versions, software)
    try:
        snapshots = Snapshots(home, arguments.snapshot_interval, arguments.snapshots_kept)
        try:
            retention = Retention(home, arguments.retain_blocks, arguments.retain_seconds)
            application = ValidatorApplication(state.app, Keeping(snapshots, state.replace, retention))
            _spare_the_collector()
            with DiskWatch(Disk(store_place(home), arguments.reserve_mib * _MIB)):
                run(application, arguments.address or _default_address(home))
        finally:
            snapshots.close()
    finally:
        state.close()


def _spare_the_collector() -> None:
    """Look for cyclic garbage rarely, and not in what was loaded at the start.

    The state is a great many immutable values that are no garbage and are looked through each time: by default that
    takes about a twentieth of the time that blocks take.
    """
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


def _default_address(home: Path) -> str:
    """``app.sock`` in the home, relative to where we are: the path of a socket may have about 107 bytes only."""
    return f"unix://{os.path.relpath(home / 'app.sock')}"


if __name__ == "__main__":
    sys.exit(main())
