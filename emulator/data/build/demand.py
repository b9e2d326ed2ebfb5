"""One household's year of electricity demand, from the stochastic Richardson/CREST model in `richardsonpy`."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import richardsonpy
from richardsonpy.classes.appliance import Appliances, run_application_simulation
from richardsonpy.classes.lighting import load_lighting_profile
from richardsonpy.classes.occupancy import Occupancy
from richardsonpy.classes.stochastic_el_load_wrapper import ElectricityProfile

DAYS = 365
MINUTES_A_DAY = 1440
MINUTES_A_SLOT = 10
SLOTS_A_DAY = MINUTES_A_DAY // MINUTES_A_SLOT
FIRST_WEEKDAY = 1
"""The year starts on a Monday, as 2018 did."""
LIGHTING_SHARE = 0.09
"""Share of a household's electricity that lights take (Stromspiegel); the rest calibrates the appliances."""
HEATING_APPLIANCES = range(28, 33)
"""Rows of Appliances.csv that heat water or rooms: left out, as the asked yearly kWh are without them."""
LAMP_SETS = 100
SCALE_BOUNDS = (0.5, 2.0)
CALIBRATION_STEPS = 60
CORRECTION_ROUNDS = 2
SAMPLE_DAYS = range(3, 365, 13)
INPUTS = Path(richardsonpy.__file__).parent / "inputs"


class Household(Appliances):
    """A household's random set of appliances, without those that heat water or rooms."""

    def randomize(self) -> None:
        """Draws which appliances the household owns."""
        super().randomize()
        for row in HEATING_APPLIANCES:
            self.data[row][0] = 0

    def expected_kwh(self) -> np.ndarray:
        """What each appliance should use in a year by its calibrated cycles, cycle energy and standby power."""
        minutes_on = np.array([row[3] for row in self.data]) * self.calib_cycles
        on_w = np.array([row[4] for row in self.data])
        standby_w = np.array([row[5] for row in self.data])
        owned = np.array([row[0] for row in self.data])
        return owned * (minutes_on * on_w + (365 * MINUTES_A_DAY - minutes_on) * standby_w) / 60_000

    def correct_starts(self, occupancy: np.ndarray, statistics: dict[str, list[list[float]]]) -> None:
        """Scales each appliance's chance to start so that sample days use what the calibration expects.

        The package calibrates with one mean activity for all households; in a given household laundry then runs up
        to six times as often as asked, and television a fifth.
        """
        expected = self.expected_kwh()
        for _ in range(CORRECTION_ROUNDS):
            used = np.zeros(len(self.data))
            for day in SAMPLE_DAYS:
                active = [int(number) for number in occupancy[day * SLOTS_A_DAY : (day + 1) * SLOTS_A_DAY]]
                kind = "we" if _is_weekend(day) else "wd"
                used += np.sum(run_application_simulation(active, self, statistics[kind], 6), axis=1) / 60_000
            ratio = expected / np.maximum(used * 365 / len(SAMPLE_DAYS), expected / 10 + 1e-9)
            self.calib_scalar = [scalar * float(by) for scalar, by in zip(self.calib_scalar, ratio, strict=True)]


def simulate_year_w(
    occupants: int, yearly_kwh: float, seed: int, irradiance_w_m2: np.ndarray
) -> tuple[np.ndarray, float]:
    """Mean power of each ten-minute slot of a year, rescaled to ``yearly_kwh``; and the kWh before rescaling.

    ``irradiance_w_m2``: global horizontal irradiance of every minute of the year, shape (525600,).
    The package's own year loop is not used: it reads the day's irradiance with a time axis in seconds where the
    lights' is in minutes, so that lights would see midnight all day at any step but an hour's. Raises ValueError
    when the model missed the asked energy so far that rescaling would distort the peaks.
    """
    random.seed(seed)
    occupancy = np.asarray(Occupancy(number_occupants=occupants, initial_day=FIRST_WEEKDAY, nb_days=DAYS).occupancy)
    appliances = Household(
        str(INPUTS / "Appliances.csv"),
        annual_consumption=(1 - LIGHTING_SHARE) * yearly_kwh,
        mean_active_occupancy=float((occupancy > 0).mean()),
        randomize_appliances=True,
        max_iter=CALIBRATION_STEPS,
    )
    lamps = load_lighting_profile(str(INPUTS / "LightBulbs.csv"), index=seed % LAMP_SETS)
    model = ElectricityProfile(appliances, lamps)
    appliances.correct_starts(occupancy, ElectricityProfile.activity_statistics)
    year_w = np.empty(DAYS * SLOTS_A_DAY)
    for day in range(DAYS):
        slots = slice(day * SLOTS_A_DAY, (day + 1) * SLOTS_A_DAY)
        total_w, _, _ = model.power_sim(
            irradiation=irradiance_w_m2[day * MINUTES_A_DAY : (day + 1) * MINUTES_A_DAY],
            weekend=_is_weekend(day),
            day=day + 1,
            occupancy=[int(active) for active in occupancy[slots]],
        )
        year_w[slots] = np.asarray(total_w, dtype=float).reshape(SLOTS_A_DAY, MINUTES_A_SLOT).mean(axis=1)
    raw_kwh = float(year_w.sum()) / 6 / 1000
    scale = yearly_kwh / raw_kwh
    if not SCALE_BOUNDS[0] <= scale <= SCALE_BOUNDS[1]:
        raise ValueError(
            f"seed {seed}: the model made {raw_kwh:.0f} kWh where {yearly_kwh:.0f} were asked; "
            f"a scale of {scale:.2f} would distort the peaks; choose another seed"
        )
    return np.rint(year_w * scale), raw_kwh


def _is_weekend(day: int) -> bool:
    return (day + FIRST_WEEKDAY) % 7 in (0, 6)
