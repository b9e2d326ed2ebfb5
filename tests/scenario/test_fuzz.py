"""Whatever a file says, it runs or its faults are told: nothing else ever comes out."""

from __future__ import annotations

import copy
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from node.scenario.document import Document
from node.scenario.plan_reader import read_plan
from node.scenario.problem import Problem, ScenarioError
from node.scenario.record import ScenarioRecord
from node.scenario.runner import run
from node.scenario.text import lines_of
from tests.scenario.runs import SCENARIOS

DATA = {path.stem: Document(path.read_text(encoding="utf-8")).data for path in SCENARIOS}

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(-(1 << 70), 1 << 70),
    st.text(max_size=4),
    st.sampled_from(["anna", "dso", "lilas", "slot 3", "bid", "OK", "ab" * 20, "cd" * 32]),
    st.lists(st.integers(-1, 1), max_size=2),
    st.dictionaries(st.sampled_from(["vdg", "slot", "from", "at", "roles", "x"]), st.integers(0, 3), max_size=2),
)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places of everything in nested data."""
    if isinstance(data, dict):
        inner = [place for key, value in data.items() for place in places(value, (*path, key))]
    elif isinstance(data, list):
        inner = [place for index, value in enumerate(data) for place in places(value, (*path, index))]
    else:
        inner = []
    return [path, *inner] if path else inner


@st.composite
def broken_files(draw: st.DrawFn) -> str:
    """A documented scenario with a few things in it replaced or taken out."""
    data = copy.deepcopy(DATA[draw(st.sampled_from(sorted(DATA)))])
    for _ in range(draw(st.integers(1, 3))):
        candidates = places(data)
        if not candidates:
            break
        *way, last = draw(st.sampled_from(candidates))
        parent = data
        for part in way:
            parent = parent[part]
        if draw(st.booleans()):
            parent[last] = draw(JUNK)
        elif isinstance(parent, dict):
            del parent[last]
    return yaml.safe_dump(data, allow_unicode=True)


def outcome(text: str) -> ScenarioRecord | list[Problem]:
    try:
        return run(read_plan(text))
    except ScenarioError as error:
        return error.problems


@settings(max_examples=150, deadline=None)
@given(broken_files())
def test_a_broken_file_runs_or_is_answered_with_its_faults(text: str) -> None:
    came = outcome(text)
    if isinstance(came, list):
        assert came
        assert all(problem.line >= 1 and problem.way_out for problem in came)
        return
    assert list(lines_of(came, "x.yaml"))
    assert not any("stopped" in failure.what or "conserved" in failure.what for failure in came.failures)


@given(st.text(max_size=40))
def test_any_text_is_read_or_answered(text: str) -> None:
    assert outcome(text)
