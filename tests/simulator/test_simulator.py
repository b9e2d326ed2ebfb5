"""Seeds that are always run, and what a failing one tells."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from unittest.mock import patch

import pytest

from node.audit import ledger
from node.audit.books import Books
from node.audit.money import pay
from node.messages.schema import TRANSACTIONS
from tests.simulator.record import Failure
from tests.simulator.simulation import Simulation, Summary
from tests.simulator.smaller import shrink
from wire.results import Code

BLOCKS = 150
# Together they have every kind of transaction succeed and be refused. Where they don't any more since something that
# draws from their chance was changed, `python -m tests.simulator --seen` shows what others have.
SEEDS = (10, 52, 67, 81, 86)


def simulated(seed: int, blocks: int = BLOCKS) -> Summary:
    simulation = Simulation(seed)
    summary = simulation.run(blocks)
    simulation.wind_down()
    return summary


def test_every_result_of_many_kinds_is_as_predicted_whatever_instances_go_through() -> None:
    seen: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    for seed in SEEDS:
        summary = simulated(seed)
        seen, faults = seen + summary.seen, faults + summary.faults
    # A simulation in which nothing happens proves nothing.
    assert len(seen) > 120
    assert len({name.partition(": ")[2] for name in seen} & set(Code.__members__)) > 30
    done = {kind for kind, _, result in (name.partition(": ") for name in seen) if result == "OK"}
    refused = {kind for kind, _, result in (name.partition(": ") for name in seen) if result != "OK"}
    kinds = {kind.__name__ for kind in TRANSACTIONS.values()}
    assert (kinds - done, kinds - refused) == (set(), set())
    for wanted in (
        "ContractMade",
        "ContractSettled",
        "ContractUnwound",
        "CertificateMinted",
        "ValidatorsRewarded",
        "PhaseUnconfirmed",
    ):
        assert seen[f"due: {wanted}"] > 0, wanted
    assert len(+faults) >= 5


def test_a_seed_is_the_same_run_in_any_process() -> None:
    here = simulated(6, 40)
    command = [sys.executable, "-m", "tests.simulator", "--seed", "6", "--blocks", "40"]
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": "."}
        )
        assert done.stdout.splitlines()[-1] == f"last app hash {here.app_hash.hex()}"


def short(books: Books, source: bytes, target: bytes, neur: int) -> None:
    """Keeps a nano-euro."""
    pay(books, source, target, neur - 1)


def test_a_rule_that_differs_is_found_named_and_made_small() -> None:
    with patch.object(ledger, "pay", short):
        with pytest.raises(Failure, match=r"height \d+: .*expected .*found"):
            Simulation(5).run(BLOCKS)
        left_out, failure = shrink(5, BLOCKS, lambda line: None)
        simulation = Simulation(5, left_out)
        with pytest.raises(Failure) as again:
            simulation.run(failure.height)
        assert str(again.value) == str(failure)
        assert len([action for action in simulation.actions if action not in left_out]) <= 3
    # It was the rule, not the run.
    Simulation(5, left_out).run(failure.height)
