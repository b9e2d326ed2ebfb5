"""Nonces: none twice, none out of the chain's window, whatever crashes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.common.nonces import BLOCK, MAX_AHEAD, NonceSource
from clients.common.outbox import Entry, Outbox
from clients.common.state_file import StateFile

ADDRESS = b"a" * 20


async def source(state: StateFile, highest_on_chain: int = 0) -> NonceSource:
    return await NonceSource.open(state, ADDRESS, highest_on_chain)


async def test_nonces_begin_behind_what_the_chain_has_seen() -> None:
    state = await StateFile.open(None, "c")
    assert await (await source(state)).take() == 1
    assert await (await source(state, 500)).take() == 501
    await state.close()


async def test_another_account_has_nonces_of_its_own() -> None:
    state = await StateFile.open(None, "c")
    assert await (await source(state)).take() == 1
    other = await NonceSource.open(state, b"b" * 20, 0)
    assert await other.take() == 1
    await state.close()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 3 * BLOCK), min_size=1, max_size=5))
def test_no_nonce_comes_twice_over_any_number_of_crashes(taken: list[int]) -> None:
    async def lives() -> None:
        state = await StateFile.open(None, "c")
        seen: set[int] = set()
        for count in taken:
            # A crash: whatever the last source knew beyond the file is gone.
            nonces = await source(state)
            for _ in range(count):
                nonce = await nonces.take()
                assert nonce not in seen
                seen.add(nonce)
                nonces.resolve(nonce)
        await state.close()

    asyncio.run(lives())


async def test_nonces_wait_for_the_oldest_open_one() -> None:
    state = await StateFile.open(None, "c")
    nonces = await source(state)
    first = await nonces.take()
    for nonce in range(first + 1, first + MAX_AHEAD + 1):
        assert await nonces.take() == nonce
        nonces.resolve(nonce)
    waiting = asyncio.create_task(nonces.take())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not waiting.done()
    nonces.resolve(first)
    assert await waiting == first + MAX_AHEAD + 1
    await state.close()


async def test_nonces_of_an_earlier_process_that_are_open_bound_the_next_ones(tmp_path: Path) -> None:
    state = await StateFile.open(tmp_path / "s.db", "c")
    nonces = await source(state)
    for number in range(1, 4):
        nonce = await nonces.take()
        await Outbox(state).add(Entry(bytes([number]), ADDRESS, nonce, None, b"tx", 99))
    await state.close()

    state = await StateFile.open(tmp_path / "s.db", "c")
    nonces = await source(state)
    pending = await Outbox(state).pending()
    for entry in pending:
        nonces.hold(entry.nonce)
    assert [entry.nonce for entry in pending] == [1, 2, 3]
    for nonce in range(BLOCK + 1, 1 + MAX_AHEAD + 1):
        assert await nonces.take() == nonce
    waiting = asyncio.create_task(nonces.take())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not waiting.done()
    for entry in pending:
        await Outbox(state).resolve(entry, code=0, log="", height=1, place=0)
        nonces.resolve(entry.nonce)
    assert await waiting == MAX_AHEAD + 2
    await state.close()


async def test_a_write_that_fails_says_so_and_leaves_the_file_usable(tmp_path: Path) -> None:
    state = await StateFile.open(tmp_path / "s.db", "c")
    outbox = Outbox(state)
    await outbox.add(Entry(b"1", ADDRESS, 1, "key", b"tx", 99))
    with pytest.raises(Exception, match="UNIQUE"):
        await outbox.add(Entry(b"2", ADDRESS, 2, "key", b"tx", 99))
    await outbox.add(Entry(b"3", ADDRESS, 3, "other", b"tx", 99))
    assert [entry.hash for entry in await outbox.pending()] == [b"1", b"3"]
    await state.close()


async def test_many_writes_at_once_are_all_kept(tmp_path: Path) -> None:
    state = await StateFile.open(tmp_path / "s.db", "c")
    outbox = Outbox(state)
    entries = [Entry(bytes([number]), ADDRESS, number, None, b"tx", 99) for number in range(1, 200)]
    await asyncio.gather(*map(outbox.add, entries))
    await state.close()
    state = await StateFile.open(tmp_path / "s.db", "c")
    assert await Outbox(state).pending() == entries
    await state.close()
