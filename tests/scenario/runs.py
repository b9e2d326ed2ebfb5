"""Running scenarios in tests: in this process, or as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from node.scenario.plan_reader import read_plan
from node.scenario.problem import Problem, ScenarioError
from node.scenario.record import ScenarioRecord
from node.scenario.runner import run

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted((ROOT / "docs" / "scenarios").glob("*.yaml"))


def run_text(text: str) -> ScenarioRecord:
    """Run a scenario given as text, indented as the test has it."""
    return run(read_plan(dedent(text)))


def run_file(path: Path) -> ScenarioRecord:
    """Run a scenario file."""
    return run(read_plan(path.read_text(encoding="utf-8")))


def problems_in(text: str) -> list[Problem]:
    """What is wrong with a scenario given as text."""
    try:
        read_plan(dedent(text))
    except ScenarioError as error:
        return error.problems
    return []


def vdg(*arguments: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    """The real command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "node.cli.main", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=False,
        timeout=60,
    )
