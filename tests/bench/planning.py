"""How long plans take: ``python -m tests.bench.planning``.

Times are of one core (CPU seconds of the thread that plans, building the program included), so that other work on the
machine counts little; the round of 10,000 homes is two processes by the clock. The homes are those of the emulator's
year, in the thesis's tariff.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from scipy import sparse
from scipy.optimize import linprog

from clients.household.planner.appliance import Appliance
from clients.household.planner.battery import Battery
from clients.household.planner.car import Car
from clients.household.planner.heat_store import HeatStore
from clients.household.planner.plan import Status
from clients.household.planner.planner import Planner
from clients.household.planner.problem import Problem
from clients.household.planner.program import Program
from clients.household.planner.stages import flows, offers_wh
from clients.household.planner.vector import vector
from emulator.dataset import builtin

SLOTS, PER_HOUR = 144, 6
BUY = np.where((np.arange(SLOTS) >= 17 * PER_HOUR) & (np.arange(SLOTS) < 23 * PER_HOUR), 450_000.0, 150_000.0)
SELL = np.full(SLOTS, 60_000.0)
INVERTED = np.where(np.arange(SLOTS) % 3 == 0, BUY + 50_000, SELL)
BATTERY = Battery(6000, 3000, 3000, max_throughput_wh=12_000)
CAR = Car(12_000, 7400, departure_slot=138, arrival_slot=100, charge_efficiency=0.9)
HOUSE = HeatStore(20.5, 3000, 2000, 20, 23, heat_per_wh=3, loss_w_per_k=150, surroundings_c=5)
WASHER = Appliance((300.0, 800.0, 200.0), deadline_slot=120, earliest_slot=48)
HOMES, ROUND, PROCESSES = 33, 10_000, 2
PLANS = 200


def problems(count: int, first_slot: int = 0) -> Iterator[Problem]:
    """Days of the year's homes with a battery, from a slot of the day on."""
    data = builtin()
    homes = [home for home in data.homes if home.battery_wh]
    for number in range(count):
        home, day = homes[number % len(homes)], number * 37 % len(data.days)
        slots = slice(day * SLOTS + first_slot, (day + 1) * SLOTS)
        load = vector(data.load_w[home.id][slots]) / PER_HOUR
        pv = np.zeros(len(load))
        if home.pv_wp:
            pv = vector(data.pv_w_per_kwp[home.pv_curve][slots]) * home.pv_wp / 1000 / PER_HOUR
        yield Problem(load, pv, BUY[first_slot:], SELL[first_slot:], 600, 9000, batteries=(BATTERY,))


def milliseconds(work: Callable[[Problem], object], count: int, change: Callable[[Problem], Problem]) -> list[float]:
    """CPU milliseconds of each of so many plans, the first left out."""
    times = []
    for problem in [change(problem) for problem in problems(count + 1)]:
        started = time.thread_time()
        work(problem)
        times.append(1000 * (time.thread_time() - started))
    return times[1:]


def through_scipy(problem: Problem) -> None:
    """The same program by ``scipy.optimize.linprog``, whose solver is HiGHS too."""
    arrays, _ = Program(problem, elastic=False, exclusive=False).model.compiled()
    shape = (len(arrays.row_lower), len(arrays.cost))
    matrix = sparse.csc_matrix((arrays.values, arrays.rows, arrays.starts), shape).tocsr()
    equal = arrays.row_lower == arrays.row_upper
    linprog(
        arrays.cost,
        matrix[~equal],
        arrays.row_upper[~equal],
        matrix[equal],
        arrays.row_lower[equal],
        np.column_stack([arrays.lower, arrays.upper]),
        method="highs-ds",
    )


def round_of_an_hour(homes: int) -> int:
    """Offers and, half of them traded, final flows of so many homes, at midnight, when the horizon is longest."""
    planner = Planner()
    relaxed = 0
    for problem in problems(homes):
        offers = offers_wh(planner, problem, BUY * 0.9, SELL * 1.1, range(PER_HOUR, 2 * PER_HOUR))
        traded = np.zeros(SLOTS)
        traded[PER_HOUR : 2 * PER_HOUR] = np.trunc(vector(offers) / 2)
        relaxed += flows(planner, problem, traded).status is Status.RELAXED
    return relaxed


def main() -> None:
    """Print the tables."""
    console = Console()
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    planner = Planner()
    random = np.random.default_rng(5)
    lossy = replace(BATTERY, charge_efficiency=0.95, discharge_efficiency=0.95)
    kinds: list[tuple[str, Callable[[Problem], object], Callable[[Problem], Problem]]] = [
        ("thesis: one ideal battery, two prices", planner.plan, lambda problem: problem),
        (
            "another price in every slot",
            planner.plan,
            lambda problem: replace(problem, buy_price_neur_per_wh=random.uniform(100_000, 400_000, SLOTS)),
        ),
        ("a lossy battery", planner.plan, lambda problem: replace(problem, batteries=(lossy,))),
        ("two batteries", planner.plan, lambda problem: replace(problem, batteries=(BATTERY, lossy))),
        (
            "battery, car and heat pump",
            planner.plan,
            lambda problem: replace(problem, cars=(CAR,), heat_stores=(HOUSE,)),
        ),
        ("relaxed: a grid limit of 300 W", planner.plan, lambda problem: replace(problem, grid_limit_w=300.0)),
        (
            "feeding in pays more than buying in every third slot (binaries)",
            planner.plan,
            lambda problem: replace(problem, sell_price_neur_per_wh=INVERTED),
        ),
        ("thesis, through scipy.optimize.linprog", through_scipy, lambda problem: problem),
    ]
    table = Table("plan of 144 slots", box=box.SIMPLE_HEAD)
    for heading in ("median ms", "99 % ms", "worst ms"):
        table.add_column(heading, justify="right")
    for name, work, change in kinds:
        times = milliseconds(work, PLANS, change)
        figures = (statistics.median(times), float(np.quantile(times, 0.99)), max(times))
        table.add_row(name, *(f"{figure:.1f}" for figure in figures))
    washing = milliseconds(planner.plan, 20, lambda problem: replace(problem, appliances=(WASHER,)))
    table.add_row(
        "battery and an appliance (binaries)",
        *(f"{f:.1f}" for f in (statistics.median(washing), max(washing), max(washing))),
    )
    console.print(table)

    started = time.thread_time()
    for problem in problems(HOMES):
        planner.plan(problem)
    console.print(f"{HOMES} homes in a slot: {time.thread_time() - started:.3f} s of one core")
    grown_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before_mb
    console.print(f"memory beyond the interpreter with numpy, HiGHS and the year's data: {grown_mb:.0f} MB")

    homes = int(sys.argv[1]) if len(sys.argv) > 1 else ROUND
    started = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        relaxed = pool.map(round_of_an_hour, [homes // PROCESSES] * PROCESSES)
    wall = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    console.print(
        f"hour-ahead round of {homes} homes, (4.4) and (4.6) each over 144 slots: {wall:.0f} s with {PROCESSES} "
        f"processes ({used.ru_utime + used.ru_stime:.0f} CPU seconds), {sum(relaxed)} relaxed"
    )


if __name__ == "__main__":
    main()
