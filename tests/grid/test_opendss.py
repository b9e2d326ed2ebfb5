"""The grid agrees with OpenDSS, which shares nothing with it."""

from __future__ import annotations

import numpy as np
import pytest

from clients.common.grid import shipped
from clients.common.grid.grid import Grid
from clients.common.grid.network import PHASES, Network
from tests.grid import opendss
from tests.grid.flows import flows

# What was asked for is 2e-5 of the nominal voltage in the drops and 3e-4 in the voltages.
_VOLTAGE = 1e-6


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["thesis-33", "thesis-33-150", "thesis-50"])
def test_voltages_currents_and_losses_of_the_thesiss_networks_are_those_of_opendss(name: str, seed: int) -> None:
    compare(shipped.load(name), seed, most_w=6000)


# Homes on three phases and on one, 14 buses and 906; all of them would take long to build.
@pytest.mark.parametrize("name", ["kerber-landnetz-freileitung-1", "ieee-european-lv"])
def test_those_of_benchmark_networks_are_too(name: str) -> None:
    compare(shipped.load(name), seed=1, most_w=2000)


def compare(network: Network, seed: int, most_w: float) -> None:
    p_w, q_var = flows(network, seed, most_w=most_w)
    solution = Grid(network).solve(p_w, q_var)
    ids = [home.id for home in network.homes]
    answer = opendss.solve(network, dict(zip(ids, p_w[0], strict=True)), dict(zip(ids, q_var[0], strict=True)))
    expected_v = np.array([[answer.phase_neutral_v[bus, phase] for phase in PHASES] for bus in network.buses])
    assert solution.phase_neutral_v[0] == pytest.approx(expected_v, abs=_VOLTAGE * network.nominal_v)
    expected_vuf = [answer.vuf_percent[bus] for bus in network.buses]
    assert solution.vuf_percent[0] == pytest.approx(expected_vuf, abs=1e-5)
    expected_a = np.array([answer.line_a[line.id] for line in network.lines])
    assert solution.line_phase_a[0] == pytest.approx(expected_a[:, :3], abs=0.01)
    assert solution.line_neutral_a[0] == pytest.approx(expected_a[:, 3], abs=0.01)
    expected_w = np.array([answer.line_loss_w[line.id] for line in network.lines]).sum(axis=0)
    assert solution.line_phases_loss_w[0] == pytest.approx(expected_w[:3].sum(), rel=1e-5, abs=0.01)
    assert solution.line_neutral_loss_w[0] == pytest.approx(expected_w[3], rel=1e-5, abs=0.01)
    assert solution.transformer_loss_w[0] == pytest.approx(answer.transformer_loss_w, rel=1e-5, abs=0.01)
