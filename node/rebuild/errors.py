"""Why a node's state can't be made anew."""

from __future__ import annotations


class RebuildError(Exception):
    """Nothing was changed; the message says why and what to do."""
