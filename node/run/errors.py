"""The errors of a run."""

from __future__ import annotations


class RunError(Exception):
    """The run can't go on; the message says why and where to look."""
