"""The software of version 2: the same program, with a migration that operators may decide to have.

``python tests/governance/next_version.py --home DIR`` is to version 2 what ``python -m node.validator`` is to 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from abci_app.core.context import Context
from abci_app.migrations import VERSION, Software
from abci_app.state.singles import PARAMETERS, parameters
from node.validator.__main__ import main

NEW_MAX_EXPIRY_S = 1_234


def migrate(context: Context) -> None:
    """What version 2 has different: transactions live shorter."""
    changed = parameters(context.state)._replace(max_expiry_s=NEW_MAX_EXPIRY_S)
    PARAMETERS.put(context.state, b"", changed)


NEXT_SOFTWARE = Software(VERSION + 1, {VERSION + 1: migrate})

if __name__ == "__main__":
    sys.exit(main(NEXT_SOFTWARE))
