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
from node.store import StoreUnavailable, open_store
from node.validator.application import ValidatorApplication


def main() -> int:
    """Exit code 0 after a signal, 1 when the store or the socket can't be used or the application failed."""
    parser = argparse.ArgumentParser(prog="python -m node.validator", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the validator's folder; state goes to HOME/state")
    parser.add_argument("--address", help="where CometBFT connects (default: app.sock in HOME)")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        store = open_store(arguments.home)
        try:
            application = ValidatorApplication(App(store))
            run(application, arguments.address or _default_address(arguments.home))
        finally:
            store.close()
    except (StoreUnavailable, StoreCorrupted, GenesisError, AbciError) as error:
        logging.getLogger("vdg.validator").error("%s", error)
        return 1
    return 0


def _default_address(home: Path) -> str:
    """``app.sock`` in the home, relative to where we are: the path of a socket may have about 107 bytes only."""
    return f"unix://{os.path.relpath(home / 'app.sock')}"


if __name__ == "__main__":
    sys.exit(main())
