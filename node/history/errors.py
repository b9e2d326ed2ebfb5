"""Why a chain's past can't be read."""

from __future__ import annotations


class HistoryError(Exception):
    """The record is not there, is damaged, or can't be read here; the message says which and what to do."""
