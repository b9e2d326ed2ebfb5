"""What holds for any flows, whoever solves them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.common.grid import shipped
from clients.common.grid.feeders import feeder_of_bus, metres_to_bus
from clients.common.grid.grid import Grid
from tests.grid.flows import flows

THESIS_33 = Grid(shipped.load("thesis-33"))
THESIS_50 = Grid(shipped.load("thesis-50"))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), most_w=st.floats(0, 12_000))
def test_what_enters_the_transformer_is_what_homes_take_and_what_is_lost(seed: int, most_w: float) -> None:
    p_w, q_var = flows(THESIS_50.network, seed, slots=3, most_w=most_w)
    solution = THESIS_50.solve(p_w, q_var)
    assert not solution.failures
    lost_w = solution.line_phases_loss_w + solution.line_neutral_loss_w
    entering_w = solution.transformer_high_w.sum(axis=1)
    leaving_w = solution.transformer_low_w.sum(axis=1)
    assert leaving_w == pytest.approx(p_w.sum(axis=1) + lost_w, abs=1e-3)
    assert entering_w == pytest.approx(leaving_w + solution.transformer_loss_w, abs=1e-3)
    assert (lost_w >= 0).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_slot_is_solved_as_if_it_were_alone(seed: int) -> None:
    p_w, q_var = flows(THESIS_33.network, seed, slots=5)
    together = THESIS_33.solve(p_w, q_var)
    alone = THESIS_33.solve(p_w[3:4], q_var[3:4])
    assert together.phase_neutral_v[3] == pytest.approx(alone.phase_neutral_v[0], abs=1e-7)
    assert together.line_neutral_a[3] == pytest.approx(alone.line_neutral_a[0], abs=1e-5)


def test_flows_that_no_network_carries_name_slot_and_bus_and_leave_other_slots_alone() -> None:
    p_w, q_var = flows(THESIS_33.network, 1, slots=1200)
    expected = THESIS_33.solve(p_w, q_var)
    far = [home.id for home in THESIS_33.network.homes].index("f01load00002")
    asked_w = p_w.copy()
    asked_w[1100, far] = 500_000
    solution = THESIS_33.solve(asked_w, q_var)
    (failure,) = solution.failures
    assert failure.slot == 1100
    assert (failure.bus, failure.phase) == ("Node_00011", "b")
    assert failure.as_text().startswith("slot 1100: the flows don't converge, worst at bus Node_00011 phase b")
    assert np.isnan(solution.phase_neutral_v[1100]).all()
    assert np.isnan(solution.line_phases_loss_w[1100])
    others = np.arange(1200) != 1100
    assert solution.phase_neutral_v[others] == pytest.approx(expected.phase_neutral_v[others], abs=1e-7)


def test_a_network_without_flows_has_no_losses_in_its_lines_and_no_unbalance() -> None:
    solution = THESIS_33.solve(np.zeros((1, 33)))
    assert solution.line_phase_a.max() < 0.02  # what its capacitance draws
    assert solution.vuf_percent.max() < 1e-6
    # 235.9 rather than 236.7 V would mean a load; what is missing is the no-load loss's drop.
    assert solution.phase_neutral_v == pytest.approx(THESIS_33.network.nominal_v, rel=1e-3)
    assert solution.transformer_loss_w[0] == pytest.approx(649.087, rel=1e-3)


def test_homes_can_change_phase_from_slot_to_slot() -> None:
    p_w = np.zeros((2, 33))
    p_w[:, 0] = 5000
    phases = np.zeros((2, 33), int)
    phases[1] = 2
    solution = THESIS_33.solve(p_w, phases=phases)
    assert solution.line_phase_a[0, 0].argmax() == 0
    assert solution.line_phase_a[1, 0].argmax() == 2
    assert solution.line_phase_a[0, 0, 0] == pytest.approx(solution.line_phase_a[1, 0, 2], rel=1e-4)
    # The network doesn't prefer a phase.
    assert solution.home_v[0, 0] == pytest.approx(solution.home_v[1, 0], abs=1e-6)


def test_a_home_on_three_phases_loads_the_neutral_with_nothing() -> None:
    p_w = np.zeros((1, 33))
    p_w[:, 0] = 9000
    solution = THESIS_33.solve(p_w, phases=np.full(33, 3))
    assert solution.line_neutral_a.max() < 1e-6
    assert solution.vuf_percent.max() < 1e-6


@pytest.mark.parametrize(
    ("p_w", "q_var", "phases", "complaint"),
    [
        ([[0.0] * 32], None, None, r"p_w has the shape \(1, 32\), not \(slots, 33\)"),
        ([[0.0] * 33], [[0.0] * 32], None, "q_var has the shape"),
        ([[float("nan")] * 33], None, None, "not a finite number"),
        ([[0.0] * 33], None, [4] * 33, "a phase is not 0 to 3"),
    ],
)
def test_flows_of_a_wrong_shape_or_value_are_refused(
    p_w: list[list[float]], q_var: list[list[float]] | None, phases: list[int] | None, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        THESIS_33.solve(p_w, q_var, phases)


def test_no_slots_have_a_solution_without_slots() -> None:
    assert THESIS_33.solve(np.zeros((0, 33))).phase_neutral_v.shape == (0, 21, 3)


def test_every_bus_is_on_the_feeder_by_which_it_is_fed() -> None:
    network = THESIS_33.network
    feeders = feeder_of_bus(network)
    assert feeders["Node_00001"] == ""
    assert feeders["Node_00011"] == "f01switch00001"
    assert feeders["Node_00022"] == "f02switch00002"
    assert metres_to_bus(network)["Node_00011"] == pytest.approx(1 + 4 + 27 + 30 + 60 + 15 + 36 + 75 + 100)
