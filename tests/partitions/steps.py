"""What is done to a network, what must hold meanwhile, and how long things take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from node.localnet.localnet import Localnet
from tests.partitions.network import Network, all_links, links_within

POLL_SECONDS = 0.05
# Longer than a dropped peer is dialled again (every 5 to 8 s), on a busy machine.
DEADLINE_SECONDS = 90.0
# A block whose votes were on their way when a network was split may still be made.
IN_FLIGHT_BLOCKS = 1
HEADERS_PER_CALL = 20


class CutOff(NamedTuple):
    """One validator away from the others: blocks that they made meanwhile, and how long it needed to catch up (s)."""

    blocks_without_it: int
    caught_up_s: float


class Split(NamedTuple):
    """No majority on either side: blocks made all the same, and the time from healing to the next block (s)."""

    blocks_meanwhile: int
    resumed_s: float


async def heights(net: Localnet) -> list[int]:
    """Every validator's last block."""
    statuses = await asyncio.gather(*(net.rpc(index).status() for index in range(len(net.plan.validators))))
    return [status.height for status in statuses]


async def until(condition: Callable[[], Awaitable[bool]], what: str, *, within_s: float = DEADLINE_SECONDS) -> float:
    """Wait for a condition and return how long it took (s); fail when it does not come in time."""
    started_s = time.monotonic()
    while not await condition():
        if time.monotonic() - started_s > within_s:
            raise AssertionError(f"within {within_s:g} s it did not happen that {what}")
        await asyncio.sleep(POLL_SECONDS)
    return time.monotonic() - started_s


async def caught_up(net: Localnet) -> None:
    """Wait until every validator has the block that the first of them has now, and the next one."""
    target = max(await heights(net)) + 1

    async def all_there() -> bool:
        return min(await heights(net)) >= target

    await until(all_there, f"every validator has block {target}")


async def cut_one_off(
    network: Network, lonely: int, *, seconds: float, blocks: int, also: Callable[[], bool] = lambda: True
) -> CutOff:
    """One validator loses all its peers for a time; the others must make so many blocks, and it none.

    `also` is something else that must come true before it gets them back.

    Raises:
        AssertionError: one of that did not hold, or it did not catch up.
    """
    net = network.net
    others = [index for index in range(len(net.plan.validators)) if index != lonely]
    network.allow(links_within(others))
    before = await heights(net)
    started_s = time.monotonic()

    async def long_enough() -> bool:
        now = await heights(net)
        made = min(now[index] for index in others) - max(before)
        return time.monotonic() - started_s >= seconds and made >= blocks and also()

    await until(long_enough, f"the others go on without validator{lonely}", within_s=seconds + 60)
    after = await heights(net)
    if after[lonely] > max(before) + IN_FLIGHT_BLOCKS:
        raise AssertionError(f"validator{lonely} got from {before[lonely]} to {after[lonely]} while it was cut off")
    network.allow(all_links(len(net.plan.validators)))

    async def is_back() -> bool:
        now = await heights(net)
        return now[lonely] >= min(now[index] for index in others) > after[others[0]]

    return CutOff(min(after[index] for index in others) - max(before), await until(is_back, "it catches up"))


async def split(network: Network, groups: Sequence[Sequence[int]], *, seconds: float) -> Split:
    """No group has more than two thirds for a time: no block may be made; then all see each other again.

    Raises:
        AssertionError: blocks were made, or none afterwards.
    """
    net = network.net
    before = max(await heights(net))
    network.allow(links_within(*groups))
    ends_s = time.monotonic() + seconds
    while time.monotonic() < ends_s:
        highest = max(await heights(net))
        if highest > before + 1 + IN_FLIGHT_BLOCKS:
            raise AssertionError(f"the chain got from {before} to {highest} though nobody had a majority")
        await asyncio.sleep(POLL_SECONDS)
    stuck = max(await heights(net))
    network.allow(all_links(len(net.plan.validators)))

    async def goes_on() -> bool:
        return max(await heights(net)) > stuck

    return Split(stuck - before, await until(goes_on, "blocks are made again"))


async def assert_one_chain(net: Localnet) -> int:
    """Every block that any two validators have is the same, as is the state after it; returns the heights compared.

    Raises:
        AssertionError: the chain forked.
    """
    top = max(await heights(net))
    for first in range(1, top + 1, HEADERS_PER_CALL):
        last = min(first + HEADERS_PER_CALL - 1, top)
        told: dict[int, set[tuple[str, str]]] = {}
        for index in range(len(net.plan.validators)):
            answer = await net.rpc(index).call("blockchain", minHeight=str(first), maxHeight=str(last))
            for meta in answer["block_metas"]:
                block = (meta["block_id"]["hash"], meta["header"]["app_hash"])
                told.setdefault(int(meta["header"]["height"]), set()).add(block)
        forked = sorted(height for height, blocks in told.items() if len(blocks) > 1)
        if forked:
            raise AssertionError(f"validators have different blocks at {forked}")
        if len(told) != last - first + 1:
            raise AssertionError(f"blocks are missing between {first} and {last}")
    return top
