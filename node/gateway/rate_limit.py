"""How much one peer may ask for: calls a second, and streams at a time."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import grpc

from node.gateway.refusals import CallRefused

MAX_PEERS: Final = 10_000
STREAM_RETRY_MS: Final = 5_000


class CallRate:
    """A token bucket for each peer: `burst` calls at once, refilled with `calls_per_second`."""

    def __init__(self, calls_per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`calls_per_second` 0 means no limit; `clock` gives seconds."""
        self._calls_per_second = calls_per_second
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, peer: str) -> None:
        """Count a call.

        Raises:
            CallRefused: RESOURCE_EXHAUSTED, with the pause after which one call is free again.
        """
        if not self._calls_per_second:
            return
        now = self._clock()
        tokens, since = self._buckets.pop(peer, (float(self._burst), now))
        tokens = min(float(self._burst), tokens + (now - since) * self._calls_per_second)
        taken = tokens >= 1
        self._buckets[peer] = (tokens - taken, now)
        # A peer that was dropped starts anew with a full bucket; the longest silent one has that anyway.
        while len(self._buckets) > MAX_PEERS:
            self._buckets.popitem(last=False)
        if not taken:
            pause_ms = int((1 - tokens) / self._calls_per_second * 1000) + 1
            text = f"more than {self._calls_per_second:g} calls a second from {peer}: wait {pause_ms} ms"
            raise CallRefused(grpc.StatusCode.RESOURCE_EXHAUSTED, text, retry_after_ms=pause_ms)


class StreamCount:
    """Bounds the streams that are open, over all and for each peer."""

    def __init__(self, max_streams: int, max_streams_per_peer: int) -> None:
        self._max_streams = max_streams
        self._max_streams_per_peer = max_streams_per_peer
        self._open: Counter[str] = Counter()

    @property
    def open_count(self) -> int:
        """Streams open now."""
        return self._open.total()

    @contextmanager
    def one(self, peer: str) -> Iterator[None]:
        """Count a stream while the context lasts.

        Raises:
            CallRefused: RESOURCE_EXHAUSTED, naming the bound.
        """
        if self._open[peer] >= self._max_streams_per_peer:
            text = f"{peer} has {self._max_streams_per_peer} streams open, the most allowed: share one"
            raise CallRefused(grpc.StatusCode.RESOURCE_EXHAUSTED, text, retry_after_ms=STREAM_RETRY_MS)
        if self.open_count >= self._max_streams:
            text = f"this gateway serves {self._max_streams} streams, the most allowed: try another gateway"
            raise CallRefused(grpc.StatusCode.RESOURCE_EXHAUSTED, text, retry_after_ms=STREAM_RETRY_MS)
        self._open[peer] += 1
        try:
            yield
        finally:
            self._open[peer] -= 1
            if not self._open[peer]:
                del self._open[peer]
