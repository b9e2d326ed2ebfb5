"""The gateways that there are, and what is left of them when one has said what is not so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from clients.common.errors import ChainError
from wire.unverified import Reason, Unverified

log = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0
# The gateway may be cut off or its node behind, or this machine's clock wrong: it may be asked again.
_PASSING = frozenset({Reason.STALE, Reason.NO_WITNESS, Reason.FROM_THE_FUTURE})
# No other gateway helps: the validators have signed twice, or trust can't begin where it was told to.
_FINAL = frozenset({Reason.CONFLICTING_HEADERS, Reason.TRUST_EXPIRED})


class NoGatewayLeft(ChainError):
    """Every gateway has said what can't be verified. Trading has stopped; somebody has to look."""


class Gateways:
    """One is current; one that has lied is never asked again."""

    def __init__(self, targets: Sequence[str]) -> None:
        """``targets``: at least one, in order of preference."""
        self._targets = list(targets)

    @property
    def current(self) -> str:
        """The gateway to use."""
        return self._targets[0]

    async def leave(self, why: Unverified) -> None:
        """Change to the next one. Raises: NoGatewayLeft when there is none, or none would help."""
        left = self._targets.pop(0)
        if why.reason in _FINAL:
            raise NoGatewayLeft(f"{why}; no gateway is asked any more")
        if why.reason in _PASSING:
            self._targets.append(left)
            await asyncio.sleep(PAUSE_SECONDS)
        elif not self._targets:
            raise NoGatewayLeft(f"gateway {left} said what is not so, and there is no other: {why}")
        log.warning("going on with gateway %s", self.current)
