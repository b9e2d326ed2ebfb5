"""The one error of the toolchain."""

from __future__ import annotations


class ToolchainError(Exception):
    """CometBFT could not be found or built; the message says why and what to do about it."""
