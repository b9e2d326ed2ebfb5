"""How a transaction or a piece of due work is refused, and how a broken rule stops the node."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from wire.results import Code

if TYPE_CHECKING:
    from abci_app.core.context import Context


class Refusal(Exception):
    """The transaction changes nothing; its result has this code and a message with field, value, way out.

    ``record`` is the one exception: it is run after everything was dropped, to keep what must be known of the refused
    (evidence of two signed values; the nonce of a cancellation that overtook its order).
    """

    def __init__(self, code: Code, message: str, record: Callable[[Context], None] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.record = record


class InvariantBroken(Exception):
    """A rule that always holds does not. The node must stop: this is a defect, never a result."""
