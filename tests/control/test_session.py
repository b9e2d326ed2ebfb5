"""Sessions end where the independent solver says that the equilibrium is."""

from __future__ import annotations

import numpy as np
import pytest

from clients.dso.control.law_name import LawName
from node.control_session.session import Status
from tests.control.cases import PCCS, THESIS_NOON, attainable_wh, outcome_of, session_file
from tests.control.reference import equilibrium_wh

SEEDS = range(100)


@pytest.mark.parametrize("law", list(LawName))
@pytest.mark.parametrize("fee", [0.0, 500.0])
def test_sessions_end_at_the_equilibrium_that_a_convex_program_finds(law: LawName, fee: float) -> None:
    for seed in range(6):
        file = session_file(seed, households=24, fee=fee) | {"tolerance": 0.01, "max_iterations": 2000}
        outcome = outcome_of(file, law)
        assert outcome.status is Status.CONVERGED
        assert outcome.flow_wh == pytest.approx(equilibrium_wh(file), abs=0.2), seed


def test_both_laws_agree_and_keep_the_limits_within_the_tolerance() -> None:
    for seed in range(20):
        file = session_file(seed) | {"max_iterations": 2000}
        ours, thesis = outcome_of(file, LawName.SECANT), outcome_of(file, LawName.THESIS)
        for outcome in (ours, thesis):
            assert outcome.status is Status.CONVERGED
            for pcc, aggregate_wh in zip(file["pcc"], outcome.aggregate_wh, strict=True):
                assert pcc["min_wh"] - 0.1 <= aggregate_wh <= pcc["max_wh"] + 0.1
        assert ours.flow_wh == pytest.approx(thesis.flow_wh, abs=0.21)


def test_the_secant_needs_a_mean_of_at_most_8_iterations_where_the_thesis_s_law_needs_many_times_as_many() -> None:
    needed = {law: [len(outcome_of(session_file(seed), law).signals_neur_per_wh) for seed in SEEDS] for law in LawName}
    assert np.mean(needed[LawName.SECANT]) <= 8
    assert np.mean(needed[LawName.SECANT]) < np.mean(needed[LawName.THESIS]) / 3


@pytest.mark.parametrize("tolerance_wh", [1.0, 10.0])
def test_at_the_thesis_s_prices_its_law_needs_a_mean_of_at_most_30_iterations_and_at_most_39(
    tolerance_wh: float,
) -> None:
    files = [session_file(seed, prices=THESIS_NOON) | {"tolerance": tolerance_wh} for seed in SEEDS]
    outcomes = [outcome_of(file, LawName.THESIS) for file in files]
    assert {outcome.status for outcome in outcomes} == {Status.CONVERGED}
    needed = [len(outcome.signals_neur_per_wh) for outcome in outcomes]
    assert np.mean(needed) <= 30
    assert max(needed) <= 39


@pytest.mark.parametrize("law", list(LawName))
def test_a_session_whose_limits_hold_anyway_converges_at_once_with_a_signal_of_zero(law: LawName) -> None:
    file = session_file(1) | {"pcc": [{"id": name} for name in PCCS]}
    outcome = outcome_of(file, law)
    assert (outcome.status, len(outcome.signals_neur_per_wh), outcome.residual_wh) == (Status.CONVERGED, 1, 0)
    assert not np.any(outcome.signals_neur_per_wh[0])


@pytest.mark.parametrize("law", list(LawName))
def test_a_session_without_pccs_and_homes_converges(law: LawName) -> None:
    assert outcome_of({"pcc": [], "households": []}, law).status is Status.CONVERGED


@pytest.mark.parametrize("side", ["min_wh", "max_wh"])
def test_an_unattainable_constraint_is_told_at_once_with_the_closest_that_homes_reach(side: str) -> None:
    file = session_file(2)
    low, high = attainable_wh(file, "b")
    file["pcc"][1] = {"id": "b", side: high + 50 if side == "min_wh" else low - 50}
    outcome = outcome_of(file)
    assert (outcome.status, outcome.signals_neur_per_wh) == (Status.UNATTAINABLE, [])
    assert outcome.unattainable.tolist() == [False, True, False]
    assert outcome.aggregate_wh[1] == pytest.approx(high if side == "min_wh" else low)
    assert outcome.residual_wh >= 50 - 1e-6


@pytest.mark.parametrize("tightness", [0.0, 1.0])
def test_the_very_edge_of_what_homes_can_do_is_attained(tightness: float) -> None:
    file = session_file(3, tightness=tightness)
    assert outcome_of(file).status is Status.CONVERGED


def test_a_pcc_without_homes_can_only_have_no_flow() -> None:
    file = session_file(4)
    file["pcc"].append({"id": "empty", "min_wh": 1})
    outcome = outcome_of(file)
    assert outcome.unattainable.tolist() == [False, False, False, True]
    assert outcome.aggregate_wh[3] == 0
    file["pcc"][3] = {"id": "empty", "min_wh": -1, "max_wh": 1}
    assert outcome_of(file).status is Status.CONVERGED


@pytest.mark.parametrize("law", list(LawName))
def test_a_session_without_enough_iterations_says_so_with_its_residual(law: LawName) -> None:
    outcome = outcome_of(session_file(5) | {"max_iterations": 2}, law)
    assert (outcome.status, len(outcome.signals_neur_per_wh)) == (Status.NOT_CONVERGED, 2)
    assert outcome.residual_wh > 0.1
