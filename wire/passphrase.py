"""Where a passphrase comes from when nobody is there to type it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from wire.keystore import KeystoreError

VARIABLE: Final = "VDG_PASSPHRASE"


def find_passphrase(file: Path | None = None) -> str | None:
    """The passphrase in `file` (its first line), else in $VDG_PASSPHRASE, else None.

    Raises:
        KeystoreError: the file cannot be read, or its first line is empty.
    """
    if file is None:
        return os.environ.get(VARIABLE) or None
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KeystoreError(f"the passphrase file {file} cannot be read: {error}") from error
    if not lines or not lines[0]:
        raise KeystoreError(f"the passphrase file {file} is empty: put the passphrase in its first line")
    return lines[0]
