"""The same day gives the same bytes: in every release, process, hash seed and Python."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import abci_app
from abci_app.state.collection import Collection
from tests.app import scenario
from tests.app.pythons import ROOT, equipped, installed
from tests.app.test_tree import naive_app_hash
from tests.governance import day as governance
from tests.ordering import day as ordering

ON_CHANGE = (
    "This change is consensus-breaking: chains that run can't take it. If that is meant, write the golden files anew "
    "with `python -m tests.app.scenario --write` and say `consensus-breaking` in the changelog."
)


def test_the_app_hash_of_every_block_of_the_day_is_the_golden_one() -> None:
    assert scenario.run().blocks == json.loads(scenario.HASHES.read_text()), ON_CHANGE


def test_every_collection_has_its_golden_key_and_bytes() -> None:
    assert scenario.examples(scenario.run().recorded) == json.loads(scenario.STORED.read_text()), ON_CHANGE


def test_no_collection_is_without_a_golden_example() -> None:
    bases = set()
    for module in pkgutil.walk_packages(abci_app.__path__, "abci_app."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, Collection):
                bases.add(value._base.decode())
    goldens = (scenario.STORED, governance.STORED, ordering.STORED)
    assert {base for file in goldens for base in json.loads(file.read_text())} == bases


def test_the_days_last_hash_is_that_of_its_store_built_from_scratch() -> None:
    day = scenario.run()
    assert day.blocks[-1]["app_hash"] == naive_app_hash(day.stored()).hex()


def _replayed(python: Path, hash_seed: str) -> object:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [python, "-m", "tests.app.scenario"],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env=environment,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242", "random"])
def test_the_hash_seed_of_the_process_changes_nothing(hash_seed: str) -> None:
    assert _replayed(Path(sys.executable), hash_seed) == json.loads(scenario.HASHES.read_text())


@pytest.mark.parametrize("python", installed(), ids=lambda python: f"{python.parent.parent.name}-{python.name}")
def test_every_supported_python_of_this_machine_agrees(python: Path) -> None:
    assert _replayed(equipped(python), "7") == json.loads(scenario.HASHES.read_text())
