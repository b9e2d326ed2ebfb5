"""``python -m node.validator --home DIR``: serve the application of one validator until a signal."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from abci_app.app import App, StoreCorrupted
from abci_app.genesis import GenesisError
from node.abci import AbciError, run
from node.store import DEFAULT_RESERVE_BYTES, DiskStore, StoreDamaged, StoreUnavailable, open_store, store_place
from node.validator.application import ValidatorApplication
from node.validator.exits import exit_for

_MIB = 1024 * 1024


def main() -> int:
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
    arguments = parser.parse_args()
    if arguments.reserve_mib < 0:
        parser.error(f"argument --reserve-mib: {arguments.reserve_mib} is negative: give 0 or more")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        store = open_store(arguments.home, arguments.reserve_mib * _MIB)
        try:
            application = ValidatorApplication(_open_app(store, arguments.home))
            run(application, arguments.address or _default_address(arguments.home))
        finally:
            store.close()
    except (StoreUnavailable, GenesisError, AbciError) as error:
        # What failed inside a request of CometBFT's comes wrapped; a store's error says more by itself.
        cause = error.__cause__ if isinstance(error.__cause__, StoreUnavailable) else error
        logging.getLogger("vdg.validator").error("%s", cause)
        return exit_for(cause)
    return 0


def _open_app(store: DiskStore, home: Path) -> App:
    """The state machine over the store. Raises: StoreDamaged when the content is not what was committed."""
    try:
        return App(store)
    except StoreCorrupted as error:
        raise StoreDamaged(store_place(home), error) from error


def _default_address(home: Path) -> str:
    """``app.sock`` in the home, relative to where we are: the path of a socket may have about 107 bytes only."""
    return f"unix://{os.path.relpath(home / 'app.sock')}"


if __name__ == "__main__":
    sys.exit(main())
