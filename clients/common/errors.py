"""What a client is told when it does not get what it asked for."""

from __future__ import annotations

from wire.results import Code


class ChainError(Exception):
    """Base of all errors of this library."""


class Refused(ChainError):
    """A transaction will have no effect, for good. `code` and `message` are the application's.

    `height` is the block that holds it with this result, 0 when it is in none.
    """

    def __init__(self, code: Code, message: str, *, tx_hash: bytes = b"", height: int = 0) -> None:
        # The application's log begins with the code's name, so that it is readable without this library.
        self.message = message.removeprefix(f"{code.name}: ")
        super().__init__(f"{code.name}: {self.message}")
        self.code = code
        self.tx_hash = tx_hash
        self.height = height


class Expired(Refused):
    """A transaction was in no block by its expiry; it never will be. Sign a new one if it is still wanted."""


class GatewayError(ChainError):
    """A gateway refused a call for a reason that trying again does not change."""


class Unavailable(ChainError):
    """No gateway answered in the time given."""


class HistoryGone(ChainError):
    """A stream was to start at a block that nodes do not keep any more: read the state anew, start from there."""


class WrongChain(ChainError):
    """The gateway serves another chain than the one that a key file's state or a cursor belongs to."""


class StateError(ChainError):
    """The state file cannot be used; the message says why and what to do."""


def code_of(number: int) -> Code:
    """The code of a number.

    Raises: ChainError when this version does not know it.
    """
    try:
        return Code(number)
    except ValueError:
        raise ChainError(f"result code {number} is unknown to this version: update the client") from None
