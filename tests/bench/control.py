"""How many iterations a session of real-time control takes under each law: ``python -m tests.bench.control``."""

from __future__ import annotations

import statistics
import time
from itertools import product

from clients.dso.control.law_name import LawName
from clients.household.response.best_response import best_response
from tests.control.cases import outcome_of, session_file, session_of

SESSIONS = 100
ROUNDS = 200
MAX_ITERATIONS = 5_000
# Of a PCC's aggregate: the default, and the thesis's 1e-2 if that is in kWh.
TOLERANCES_WH = (0.1, 10.0)
_NS_PER_US = 1_000


def iterations(law: LawName, fee: float, tolerance_wh: float) -> list[int]:
    """Of each session of the test's random ones, with 50 homes and three PCCs."""
    options = {"max_iterations": MAX_ITERATIONS, "tolerance": tolerance_wh}
    files = (session_file(seed, fee=fee) | options for seed in range(SESSIONS))
    return [len(outcome_of(file, law).signals_neur_per_wh) for file in files]


def main() -> None:
    """Print one line a law, fee and tolerance, and what a response costs."""
    for fee in (0.0, 500.0):
        for law, tolerance_wh in product(LawName, TOLERANCES_WH):
            found = iterations(law, fee, tolerance_wh)
            row = f"mean {statistics.mean(found):.1f}  median {statistics.median(found):.0f}  most {max(found)}"
            print(f"fee {fee:g}  {law.value}  within {tolerance_wh:g} Wh  {row}")
    for households in (50, 10_000):
        session = session_of(session_file(1, households=households))
        signal = 0.0 * session.homes.net_load_wh
        started = time.thread_time_ns()
        for _ in range(ROUNDS):
            best_response(session.homes, signal)
        taken_us = (time.thread_time_ns() - started) / ROUNDS / households / _NS_PER_US
        print(f"{households} homes  {taken_us:.3f} us a home")


if __name__ == "__main__":
    main()
