"""A gateway whose answers a test can change, in front of a chain with a slot that is settled."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.proofs.lying_gateway import lying_gateway
from tests.proofs.proven_chain import settled_chain
from tests.proofs.setting import Setting


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    """Of each test its own."""
    chain = settled_chain()
    genesis = tmp_path / "genesis.json"
    genesis.write_text(json.dumps(chain.genesis))
    async with lying_gateway(chain) as gateway:
        yield Setting(gateway, genesis)
