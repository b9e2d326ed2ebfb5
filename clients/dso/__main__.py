"""``python -m clients.dso FILE``: the daemon of one grid."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

import uvloop

from clients.common.configuration import ConfigurationError
from clients.common.errors import ChainError
from clients.dso.daemon import serve
from wire.keystore import KeystoreError

EXIT_REFUSED = 2
"""The process did not start; standard error says why."""


def run(configuration: Path) -> int:
    """Run the daemon; returns the exit code: 0 ended by a signal, 2 refused with a message."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(configuration))
    except (ConfigurationError, KeystoreError, ChainError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_REFUSED
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m clients.dso", description=__doc__)
    parser.add_argument("configuration", type=Path, help="the YAML file, see config/dso.yaml")
    return run(parser.parse_args().configuration)


if __name__ == "__main__":
    sys.exit(main())
