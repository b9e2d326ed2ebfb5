"""How many iterations a session of real-time control takes under each law: ``python -m tests.bench.control``."""

from __future__ import annotations

import statistics
import time
from itertools import product

from clients.dso.control.law_name import LawName
from clients.household.response.best_response import best_response
from tests.control.cases import THESIS_NOON, WIDE, Prices, outcome_of, session_file, session_of

SESSIONS = 1_000
ROUNDS = 200
MAX_ITERATIONS = 5_000
# Of a PCC's aggregate: the command's default, the chain's least, and that of the DSO's daemon, which is also the
# thesis's 1e-2 if that is in kWh.
TOLERANCES_WH = (0.1, 1.0, 10.0)
CASES = ((THESIS_NOON, 0.0), (WIDE, 0.0), (WIDE, 500.0))
_NS_PER_US = 1_000


def iterations(law: LawName, prices: Prices, fee: float, tolerance_wh: float) -> list[int]:
    """Of each session of the test's random ones, with 50 homes and three PCCs."""
    options = {"max_iterations": MAX_ITERATIONS, "tolerance": tolerance_wh}
    files = (session_file(seed, fee=fee, prices=prices) | options for seed in range(SESSIONS))
    return [len(outcome_of(file, law).signals_neur_per_wh) for file in files]


def main() -> None:
    """Print one line for prices, fee, law and tolerance, and what a response costs."""
    for (prices, fee), law, tolerance_wh in product(CASES, LawName, TOLERANCES_WH):
        found = iterations(law, prices, fee, tolerance_wh)
        row = f"mean {statistics.mean(found):.1f}  median {statistics.median(found):.0f}  most {max(found)}"
        print(f"{prices.supplier} and {prices.feed_in}  fee {fee:g}  {law.value}  within {tolerance_wh:g} Wh  {row}")
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
