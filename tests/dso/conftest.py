"""Processes that several tests need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dso.signer_process import SignerProcess


@pytest.fixture
def signer(tmp_path: Path) -> Iterator[SignerProcess]:
    """A signing service that is initialised, not started; ended after the test."""
    process = SignerProcess(tmp_path)
    process.initialise()
    yield process
    if process.process is not None and process.process.poll() is None:
        process.kill()
