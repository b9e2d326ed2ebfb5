"""The chain as a command asks it: the first gateway of a configuration that answers, believed as the agent would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from clients.common.errors import ChainError, Unavailable
from clients.household.configuration import HouseholdConfiguration
from clients.household.verification import VerifiedChain

PATIENCE_SECONDS = 10.0


@asynccontextmanager
async def open_reader(configuration: HouseholdConfiguration) -> AsyncIterator[VerifiedChain]:
    """A connection to read by; its queries are proved unless the configuration says ``verify: false``.

    Raises: Unavailable when no gateway answers in time, WrongChain, Unverified, ConfigurationError.
    """
    chain = await _first(configuration, PATIENCE_SECONDS)
    async with chain:
        if configuration.verify and configuration.trust is not None:
            chain.verify_with(await chain.verified(configuration.trust, file=configuration.trust_file))
        yield chain


async def _first(configuration: HouseholdConfiguration, patience_seconds: float) -> VerifiedChain:
    gateway = configuration.gateway
    tls = gateway.tls.files() if gateway.tls else None
    failures = []
    for target in (gateway.target, *gateway.others):
        try:
            async with asyncio.timeout(patience_seconds):
                return await VerifiedChain.open(target, tls=tls, chain_id=gateway.chain_id)
        except TimeoutError:
            failures.append(f"{target}: no answer within {patience_seconds:g} s")
        except ChainError as error:
            failures.append(f"{target}: {error}")
    raise Unavailable("; ".join(failures))
