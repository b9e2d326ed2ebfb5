"""Allocations of which a phase can hardly carry its third are listed whole, and their best is the optimum."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.dso.phases import knapsack as knapsack_module
from clients.dso.phases import subset as subset_module
from clients.dso.phases import thirds as thirds_module
from clients.dso.phases.allocation import Status, allocate
from clients.dso.phases.bound import deviations, quarter_form
from clients.dso.phases.household import PHASES, Household
from clients.dso.phases.knapsack import Knapsack
from clients.dso.phases.subset import nearest_subset
from clients.dso.phases.thirds import Thirds
from tests.phases.cases import family, objective

ONE_PHASE = "0.1 to 0.9 kWh, all on one phase"
NOON = "noon: two in three -2 to -1.7 kWh, the others small"
CHANGES = st.lists(st.tuples(st.integers(-60, 60), st.booleans()), min_size=1, max_size=9)


@settings(max_examples=150, deadline=None)
@given(st.integers(-200, 200), CHANGES, st.integers(0, 9), st.integers(1, 2000))
def test_a_knapsack_lists_all_sets_that_are_near_enough(
    start: int, items: list[tuple[int, bool]], limit: int, below: int
) -> None:
    changes, counted = (np.array(column, dtype=np.int64) for column in zip(*items, strict=True))
    found = Knapsack(start, changes, counted, limit, below).sets()
    expected = []
    for inside in product((0, 1), repeat=len(items)):
        deviation = start + int(changes @ inside)
        if counted @ inside <= limit and deviation**2 <= 4 * (below - 1):
            expected.append((abs(deviation), sum(each << place for place, each in enumerate(inside)), deviation))
    assert found is not None
    listed = zip(abs(found.deviations).tolist(), found.homes.tolist(), found.deviations.tolist(), strict=True)
    assert list(listed) == sorted(expected)


@settings(max_examples=150, deadline=None)
@given(st.integers(-200, 200), CHANGES, st.integers(0, 9), st.sampled_from([2, 16]))
def test_the_nearest_subset_is_the_nearest(
    start: int, items: list[tuple[int, bool]], limit: int, most_of_a_half: int
) -> None:
    changes, counted = [change for change, _ in items], [counts for _, counts in items]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subset_module, "MAX_HALF", most_of_a_half)
        found = nearest_subset(start, changes, counted, limit)
    assert found.total == start + sum(changes[place] for place in found.inside)
    assert sum(counted[place] for place in found.inside) <= limit
    assert found.complete == (len(items) <= 2 * most_of_a_half)
    nearest = min(
        abs(start + sum(change for change, each in zip(changes, inside, strict=True) if each))
        for inside in product((False, True), repeat=len(items))
        if sum(counts and each for counts, each in zip(counted, inside, strict=True)) <= limit
    )
    assert abs(found.total) == nearest or (not found.complete and abs(found.total) > nearest)


def _q(homes: list[Household], moved: dict[str, str]) -> int:
    a, b, _ = deviations([home._replace(phase=moved.get(home.id, home.phase)) for home in homes])
    return quarter_form(a, b)


@st.composite
def feeders(draw: st.DrawFn) -> list[Household]:
    """Some homes on one feeder, mostly with a switch; often all on one phase, alike or far apart."""
    powers = st.builds(prod, st.tuples(st.sampled_from([-1, 1]), st.sampled_from([1, 8, 64, 512])))
    wh = draw(st.sampled_from([st.integers(-40, 40), st.integers(100, 900), st.integers(-2000, -1900), powers]))
    phase = st.sampled_from(draw(st.sampled_from([PHASES, ("b",)])))
    fields = st.tuples(phase, wh.filter(bool), st.integers(0, 4).map(bool))
    listed = draw(st.lists(fields, min_size=1, max_size=6))
    return [Household(f"h{number}", "f", *each) for number, each in enumerate(listed)]


@settings(max_examples=150, deadline=None)
@given(feeders(), st.integers(0, 6), st.sampled_from([0, 1, 2, 10**7]), st.sampled_from([1, 16]))
def test_what_is_listed_whole_holds_the_optimum(
    homes: list[Household], count: int, above: int, most_of_a_half: int
) -> None:
    switched = [home for home in homes if home.switch]
    if not switched:
        return
    reached = []
    for phases in product(PHASES, repeat=len(switched)):
        moved = {home.id: phase for home, phase in zip(switched, phases, strict=True) if phase != home.phase}
        if len(moved) <= count:
            reached.append(_q(homes, moved))
    least, below = min(reached), max(1, min(reached) + above)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subset_module, "MAX_HALF", most_of_a_half)
        best = Thirds(homes, switched).best(count, below, 0)
    if best.moved is not None:
        assert best.q == _q(homes, best.moved) < below
        assert len(best.moved) <= count
    if best.complete:
        assert best.q == min(below, least)
        assert (best.moved is not None) == (least < below)
    assert best.complete or most_of_a_half == 1


def test_too_many_to_list_is_never_called_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    homes = family(ONE_PHASE, 0, 12)
    assert Thirds(homes, homes).best(7, 10**4, 0).complete
    for name, most in (("MAX_LIST", 8), ("MAX_PAIRS", 20), ("MAX_SETS", 20)):
        with monkeypatch.context() as patch:
            patch.setattr(knapsack_module, name, most)
            assert not Thirds(homes, homes).best(7, 10**4, 0).complete
    monkeypatch.setattr(thirds_module, "MAX_WORK", 100)
    assert not Thirds(homes, homes).best(7, 10**4, 0).complete
    many = family(ONE_PHASE, 0, 64)
    assert not Thirds(many, many).best(30, 10**4, 0).complete


@pytest.mark.parametrize("seed", [0, 4, 10, 16, 17])
def test_feeders_all_on_one_phase_are_proven_with_a_hysteresis(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    # One switching fewer leaves a phase more than the hysteresis is worth: of so many few sets balance it.
    monkeypatch.setattr(thirds_module, "MAX_WORK", 10_000)
    homes = family(ONE_PHASE, seed, 40)
    found = allocate(homes, None, 10_000)
    assert found.status is Status.OPTIMAL
    assert found.objective_wh2["f"] == objective(homes, found.phases) < 3


def test_a_phase_with_a_third_of_the_biggest_homes_at_most_is_proven() -> None:
    # 26 homes of about -1.9 kWh: one phase has 8 of them at most, and they hardly are a third of the sum.
    homes = family(NOON, 9, 40)
    found = allocate(homes)
    assert found.status is Status.OPTIMAL
    assert found.objective_wh2["f"] == objective(homes, found.phases)
    sizes = sorted(home.commitment_wh for home in homes)
    assert sum(sizes[:8]) < sum(sizes) / 3 < sum(sizes[:8]) + 30
