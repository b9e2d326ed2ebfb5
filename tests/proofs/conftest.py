"""A gateway whose answers a test can change, in front of a chain with a slot that is settled."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.proofs.lying_gateway import lying_gateway
from tests.proofs.proven_chain import settled_chain
from tests.proofs.setting import FLOW, Setting, exported


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    """Of each test its own."""
    chain = settled_chain()
    genesis = tmp_path / "genesis.json"
    genesis.write_text(json.dumps(chain.genesis))
    async with lying_gateway(chain) as gateway:
        yield Setting(gateway, genesis)


@pytest.fixture(scope="module")
def a_receipt(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """A flow proof's receipt, and its genesis document."""
    folder = tmp_path_factory.mktemp("receipt")

    async def export() -> dict[str, Any]:
        chain = settled_chain()
        (folder / "genesis.json").write_text(json.dumps(chain.genesis))
        async with lying_gateway(chain) as gateway:
            return await exported(Setting(gateway, folder / "genesis.json"), FLOW, folder / "out.json")

    return asyncio.run(export()), folder / "genesis.json"
