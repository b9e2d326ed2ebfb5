"""``python -m clients.dso.signer FILE``: serve; with ``--init`` make the keystore and the record, and end."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

import uvloop

from clients.common.configuration import ConfigurationError
from clients.dso.signer.process import initialise, serve
from clients.dso.signer.record import RecordError
from wire.keystore import KeystoreError

EXIT_REFUSED = 2
"""The process did not start; standard error says why."""


def run(configuration: Path, *, init: bool) -> int:
    """Serve or initialise; returns the exit code: 0 done or ended by a signal, 2 refused with a message."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        if init:
            print(initialise(configuration).hex())
        else:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serve(configuration))
    except (ConfigurationError, KeystoreError, RecordError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_REFUSED
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m clients.dso.signer", description=__doc__)
    parser.add_argument("configuration", type=Path, help="the YAML file, see config/signer.yaml")
    parser.add_argument("--init", action="store_true", help="make the record and, if missing, the keystore; then end")
    arguments = parser.parse_args()
    return run(arguments.configuration, init=arguments.init)


if __name__ == "__main__":
    sys.exit(main())
