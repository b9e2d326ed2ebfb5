"""Where a keystore's passphrase comes from: an environment variable, a file's first line, or the terminal."""

from __future__ import annotations

import getpass
import os
import sys
from typing import Annotated, Literal

from pydantic import Field

from clients.common.configuration import ConfigurationError, FilePath, Section


class FromVariable(Section):
    """The passphrase is the value of an environment variable."""

    env: Annotated[str, Field(min_length=1)]


class FromFile(Section):
    """The passphrase is a file's first line."""

    file: FilePath


class FromPrompt(Section):
    """The passphrase is typed at start; the process needs a terminal."""

    prompt: Literal[True]


PassphraseSource = FromVariable | FromFile | FromPrompt


def read_passphrase(source: PassphraseSource) -> str:
    """Read the passphrase; a variable is taken out of the environment, so that no child inherits it.

    Raises: ConfigurationError when there is none. The text never holds a part of a passphrase.
    """
    if isinstance(source, FromVariable):
        passphrase = os.environ.pop(source.env, "")
        place, way_out = f"passphrase.env = {source.env}", "set the variable for this process"
    elif isinstance(source, FromFile):
        passphrase = _first_line(source)
        place, way_out = f"passphrase.file = {source.file}", "put the passphrase on the file's first line"
    else:
        if not sys.stdin.isatty():
            raise ConfigurationError(
                "passphrase.prompt: there is no terminal; start it on one, or use passphrase.env or .file"
            )
        passphrase = getpass.getpass("Passphrase: ")
        place, way_out = "passphrase.prompt", "type the passphrase"
    if not passphrase:
        raise ConfigurationError(f"{place}: is empty; {way_out}")
    return passphrase


def _first_line(source: FromFile) -> str:
    try:
        mode = source.file.stat().st_mode
        lines = source.file.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"passphrase.file = {source.file}: can't be read ({error})") from error
    if mode & 0o077:
        raise ConfigurationError(
            f"passphrase.file = {source.file}: others may read it (mode {mode & 0o777:o}); run chmod 600 on it"
        )
    return lines[0] if lines else ""
