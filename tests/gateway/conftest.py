"""The chain that the gateway's tests share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.chain_host import ChainHost, hosted_chain


@pytest.fixture(scope="session")
def chain() -> Iterator[ChainHost]:
    """One validator for all tests of a worker."""
    with hosted_chain() as host:
        yield host


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="gw", dir="/tmp") as folder:
        yield Path(folder)
