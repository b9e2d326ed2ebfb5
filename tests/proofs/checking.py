"""Checks a file as `vdg proof check` does, and gives the receipts' own program as a module."""

from __future__ import annotations

import importlib.util
import time
from functools import cache
from pathlib import Path
from typing import Any

from clients.common.trust import read_genesis
from tests.proofs.command import VERIFIER
from wire.light.verify import Trust
from wire.proof_file import Checked, check_proof_file, parse_proof_file
from wire.receipts import check_receipt


def checked(content: bytes, genesis: Path) -> Checked:
    """As the command does."""
    file = parse_proof_file(content)
    found = check_proof_file(file, read_genesis(genesis), Trust(), time.time_ns())
    check_receipt(file)
    return found


@cache
def program() -> Any:
    """The receipts' program, as a module."""
    spec = importlib.util.spec_from_file_location("verify_receipt", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
