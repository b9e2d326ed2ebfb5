"""How far forecasters are off on the emulator's year: ``python -m tests.bench.forecasts [--homes 33] [--every 12]``.

Every so many days, at four times of the day, each home forecasts from the week before. Printed are the mean absolute
errors of the gap (load less PV, Wh a slot), of the load and of the PV, by how far ahead; and what an agent is about to
pay for them: CPU of a forecast of 144 slots, and of learning. All sampling is fixed; run it again and it is the same.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from concurrent.futures import Future

import numpy as np

from clients.common.slots import SLOTS_PER_DAY, SLOTS_PER_HOUR
from clients.household.forecasting.forecast import Forecaster, Persistence
from clients.household.forecasting.learned import Learned, LearnedSettings, Sample, Weights
from clients.household.forecasting.learned_fit import weights
from clients.household.forecasting.seasonal import SeasonalAverage, SeasonalSettings
from clients.household.measurements import KEPT_SLOTS, Measurements
from emulator.dataset import HomeRow, builtin
from wire.mqtt import History, Telemetry

HORIZONS = (1, 6, 36, 72)
HOURS = (3, 9, 13, 18)
SLOT_SECONDS = 600


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=33)
    parser.add_argument("--every", type=int, default=12)
    chosen = parser.parse_args()
    days = range(8, 364, chosen.every)
    errors: dict[tuple[str, int], list[tuple[int, int, int]]] = defaultdict(list)
    cpu_s: dict[str, list[float]] = defaultdict(list)

    def fit(sample: Sample) -> Future[Weights]:
        started = time.thread_time()
        done: Future[Weights] = Future()
        done.set_result({name: weights(*rows) for name, rows in sample.items()})
        cpu_s["learning"].append(time.thread_time() - started)
        return done

    for home in builtin().homes[: chosen.homes]:
        load, pv = flows_wh(home)
        for day in days:
            forecasters: dict[str, Forecaster] = {
                "persistence": Persistence(),
                "seasonal": SeasonalAverage(SeasonalSettings(), Persistence()),
                "learned": Learned(LearnedSettings(), Persistence(), fit),
            }
            # What the learned one knows is of midnight, as an agent's is.
            forecasters["learned"](seen(load, pv, day * SLOTS_PER_DAY), day * SLOTS_PER_DAY, 2)
            for hour in HOURS:
                now = day * SLOTS_PER_DAY + hour * SLOTS_PER_HOUR
                past = seen(load, pv, now)
                for name, forecaster in forecasters.items():
                    started = time.thread_time()
                    forecast = forecaster(past, now, SLOTS_PER_DAY)
                    cpu_s[name].append(time.thread_time() - started)
                    for ahead in HORIZONS:
                        off_load = forecast[ahead].load_wh - load[now + ahead]
                        off_pv = forecast[ahead].pv_wh - pv[now + ahead]
                        errors[(name, ahead)].append((abs(off_load - off_pv), abs(off_load), abs(off_pv)))
    print(f"{len(errors[('learned', 1)])} forecasts of {chosen.homes} homes; mean absolute error, Wh a slot")
    print("| slots ahead | forecaster | gap | load | PV |\n|---|---|---|---|---|")
    for ahead in HORIZONS:
        for name in ("persistence", "seasonal", "learned"):
            gap, of_load, of_pv = np.mean(errors[(name, ahead)], axis=0)
            print(f"| {ahead} | {name} | {gap:.1f} | {of_load:.1f} | {of_pv:.1f} |")
    for name, seconds in cpu_s.items():
        print(f"{name}: {1000 * np.mean(seconds):.1f} ms of CPU each")


def flows_wh(home: HomeRow) -> tuple[list[int], list[int]]:
    """Load and PV of every slot of the year (Wh)."""
    data = builtin()
    load = [round(int(power) / SLOTS_PER_HOUR) for power in data.load_w[home.id]]
    if not home.pv_wp:
        return load, [0] * len(load)
    return load, [round(int(p) * home.pv_wp / 1000 / SLOTS_PER_HOUR) for p in data.pv_w_per_kwp[home.pv_curve]]


def seen(load: list[int], pv: list[int], now: int) -> Measurements:
    """What an agent knows when slot ``now`` has just begun."""
    measurements = Measurements(0, SLOT_SECONDS)
    first = now - KEPT_SLOTS
    for begin in range(first, now, SLOTS_PER_DAY):
        piece = slice(begin, begin + SLOTS_PER_DAY)
        measurements.take_history(History(first_slot=begin, load_wh=load[piece], pv_wh=pv[piece]))
    powers = (load[now] * SLOTS_PER_HOUR, pv[now] * SLOTS_PER_HOUR)
    measurements.take_telemetry(
        Telemetry(
            slot=now,
            time_ms=now * SLOT_SECONDS * 1000,
            load_w=powers[0],
            pv_w=powers[1],
            curtailed_w=0,
            battery_w=0,
            grid_w=powers[0] - powers[1],
            energy_wh=0,
        )
    )
    return measurements


if __name__ == "__main__":
    main()
