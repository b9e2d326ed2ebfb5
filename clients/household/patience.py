"""Waiting for a gateway, for what an agent can't begin without."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from clients.common.errors import Unavailable

log = logging.getLogger(__name__)
T = TypeVar("T")


async def patiently(read: Callable[[], Awaitable[T]]) -> T:
    """What ``read`` gives, once a gateway answers."""
    while True:
        try:
            return await read()
        except Unavailable as error:
            log.warning("waiting for a gateway: %s", error)
