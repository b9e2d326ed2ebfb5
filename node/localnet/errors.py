"""The one error of a localnet."""

from __future__ import annotations


class LocalnetError(Exception):
    """The localnet cannot be made, started or reached; the message says why and what to do."""
