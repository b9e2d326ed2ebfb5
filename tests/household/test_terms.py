"""A grid's terms are read now and then; a gateway that is slow to answer is not asked again meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.household.test_reactions import EUR, LACKING, NOW, Place
from wire.grid import GetGridRequest


async def test_a_gateway_that_does_not_answer_is_asked_for_the_terms_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, LACKING, EUR)
    await place.open()
    asked: list[Any] = []
    answer, plain = asyncio.Event(), place.chain.query

    async def slow(request: Any, **patience: Any) -> Any:
        if isinstance(request, GetGridRequest):
            asked.append(request)
            await answer.wait()
        return await plain(request, **patience)

    monkeypatch.setattr(place.chain, "query", slow)
    first = NOW + 6
    for slot in range(first, first + 12):
        await place.trader.pass_slot(slot)
        await asyncio.sleep(0)
    assert len(asked) == 1
    answer.set()
    await place.settle()
    await place.trader.pass_slot(first + 12)
    await place.settle()
    assert len(asked) == 2
    await place.sender.close()
