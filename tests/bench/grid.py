"""How long the grid takes: ``python -m tests.bench.grid``. CPU seconds of all threads, flows drawn by chance."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from clients.common.grid import shipped
from clients.common.grid.allowed import allowed_aggregates
from clients.common.grid.grid import Grid
from clients.common.grid.metrics import metrics_of
from tests.grid import opendss, power_grid_model
from tests.grid.flows import flows

DAY, YEAR = 144, 52_560
COMPARED = 200


def main() -> None:
    """Print the tables."""
    console = Console()
    times = Table("network", box=box.SIMPLE_HEAD)
    for heading in ("prepare s", "day s", "year s", "allowed aggregates s"):
        times.add_column(heading, justify="right")
    for name in ("thesis-33", "thesis-50", "kerber-dorfnetz"):
        network = shipped.load(name)
        grid = Grid(network)
        plan_w = flows(network, 1, most_w=2000)[0][0]
        seconds = (
            cpu_seconds(partial(Grid, network)),
            cpu_seconds(partial(solve, grid, DAY)),
            cpu_seconds(partial(solve, grid, YEAR)),
            cpu_seconds(partial(allowed_aggregates, grid, plan_w)),
        )
        times.add_row(name, *(f"{each:.3f}" for each in seconds))
    console.print(times)
    agreement = Table("network", box=box.SIMPLE_HEAD)
    for heading in ("voltages, OpenDSS", "drops, OpenDSS", "voltages, power-grid-model", "drops, power-grid-model"):
        agreement.add_column(heading, justify="right")
    for name in ("thesis-33", "thesis-33-150", "thesis-50", "kerber-dorfnetz"):
        agreement.add_row(name, *(f"{each:.1e}" for each in differences(name)))
    console.print(agreement)
    console.print(f"greatest differences of {COMPARED} slots of up to 4 kW a home, in units of the nominal voltage")


def solve(grid: Grid, slots: int) -> None:
    """Solve a series with all its metrics."""
    metrics_of(grid.solve(*flows(grid.network, 1, slots, most_w=4000)), 600)


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds that ``work`` takes, once warm."""
    started = time.process_time()
    work()
    return time.process_time() - started


def differences(name: str) -> tuple[float, ...]:
    """The greatest difference of voltages and of drops from the transformer's bus, for both other solvers."""
    network = shipped.load(name)
    p_w, q_var = flows(network, 3, COMPARED, most_w=4000)
    ours = Grid(network).solve(p_w, q_var).phase_neutral_v
    ids = [home.id for home in network.homes]
    answers = [
        opendss.solve(network, dict(zip(ids, p, strict=True)), dict(zip(ids, q, strict=True)))
        for p, q in zip(p_w.tolist(), q_var.tolist(), strict=True)
    ]
    dss = np.array([list(answer.phase_neutral_v.values()) for answer in answers]).reshape(ours.shape)
    low = network.buses.index(network.transformer.low_bus)
    found = []
    for theirs in (dss, power_grid_model.solve(network, p_w, q_var)):
        apart = (ours - theirs) / network.nominal_v
        found += [float(np.abs(apart).max()), float(np.abs(apart - apart[:, [low]]).max())]
    return tuple(found)


if __name__ == "__main__":
    main()
