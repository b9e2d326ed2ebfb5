"""One peer: its frames in, its replies out, in the same order."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Protocol, cast

from node.abci.dispatch import FLUSH_REPLY, Dispatcher, exception_frame
from node.abci.errors import AbciError, ApplicationFailedError, ProtocolError, TruncatedFrameError
from node.abci.framing import FrameReader

log = logging.getLogger(__name__)

_TURN_SECONDS = 0.005
"""How long one connection may keep the loop before others have a turn, so that no full mempool delays a vote."""


class Host(Protocol):
    """What a connection needs of the server."""

    dispatcher: Dispatcher
    max_frame_bytes: int

    def opened(self, connection: Connection) -> int:
        """Take note of a new connection; return its number for the log."""

    def closed(self, connection: Connection) -> None:
        """Take note that a connection is gone."""

    def fail(self, error: ApplicationFailedError) -> None:
        """End the server with this error."""


class Connection(asyncio.Protocol):
    """Answers requests where they arrive, on the event loop, in turns of a few milliseconds.

    Replies are gathered and written when the peer asks for a flush, when the turn ends, and when no whole frame is
    left. Reading stops while a backlog of requests remains or the peer does not take its replies.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._frames = FrameReader(host.max_frame_bytes)
        self._number = 0
        self._transport: asyncio.Transport
        self._loop = asyncio.get_running_loop()
        self._turn_scheduled = False
        self._reading = True
        self._peer_is_slow = False
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._number = self._host.opened(self)
        log.info("connection %d opened", self._number)

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        self._frames.feed(data)
        if not self._turn_scheduled:
            self._take_turn()

    def eof_received(self) -> None:
        if not self._closing and self._frames.left_bytes:
            self._refuse(TruncatedFrameError(self._frames.left_bytes))

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        if exc is None:
            log.info("connection %d closed", self._number)
        else:
            log.warning("connection %d lost: %s: %s", self._number, type(exc).__name__, exc)
        self._host.closed(self)

    def pause_writing(self) -> None:
        self._peer_is_slow = True

    def resume_writing(self) -> None:
        self._peer_is_slow = False
        self._schedule_turn()

    def end_with(self, error: AbciError) -> None:
        """Tell the peer why, then close."""
        self._transport.write(exception_frame(error))
        self.close()

    def close(self) -> None:
        """Answer nothing more; close when the replies given so far are sent."""
        self._closing = True
        self._transport.close()

    def abort(self) -> None:
        """Close at once, whatever is unsent."""
        self._closing = True
        self._transport.abort()

    def _schedule_turn(self) -> None:
        if not self._turn_scheduled:
            self._turn_scheduled = True
            self._loop.call_soon(self._scheduled_turn)

    def _scheduled_turn(self) -> None:
        self._turn_scheduled = False
        if not self._closing:
            self._take_turn()

    def _take_turn(self) -> None:
        replies: list[bytes] = []
        try:
            drained = self._answer_until(time.monotonic() + _TURN_SECONDS, replies)
        except ProtocolError as error:
            self._transport.write(b"".join(replies))
            self._refuse(error)
            return
        except ApplicationFailedError as error:
            log.exception("connection %d: %s", self._number, error)
            self._transport.write(b"".join(replies))
            self._host.fail(error)
            return
        if replies:
            self._transport.write(b"".join(replies))
        self._read_on(drained and not self._peer_is_slow)
        if not drained and not self._peer_is_slow:
            self._schedule_turn()

    def _read_on(self, wanted: bool) -> None:
        """Read or stop reading. A transport that the peer has closed does neither and must not be asked."""
        if wanted == self._reading or self._transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _answer_until(self, deadline: float, replies: list[bytes]) -> bool:
        """Answer whole frames; tell whether none is left.

        Leaves in ``replies`` those that are not yet written, also when it raises.
        """
        answer, next_frame, monotonic = self._host.dispatcher.answer, self._frames.next_frame, time.monotonic
        while not self._peer_is_slow and (payload := next_frame()) is not None:
            reply = answer(payload)
            replies.append(reply)
            if reply == FLUSH_REPLY:
                self._transport.write(b"".join(replies))
                replies.clear()
            if monotonic() >= deadline:
                return False
        return not self._peer_is_slow

    def _refuse(self, error: ProtocolError) -> None:
        """Tell the peer and the log what was wrong, then close this connection; the others go on."""
        log.error("connection %d refused: %s: %s", self._number, type(error).__name__, error)
        self.end_with(error)
