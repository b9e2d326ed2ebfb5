"""The errors of a localnet."""

from __future__ import annotations


class LocalnetError(Exception):
    """The localnet cannot be made, started or reached; the message says why and what to do."""


class NotRunningError(LocalnetError):
    """There is no localnet there, or it does not run."""


class UnknownNameError(LocalnetError):
    """Nothing in the localnet has that name."""
