"""Sun and photovoltaics of the test reference year, from `pvlib`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pvlib
from demand import INPUTS

YEAR = 2018
"""The calendar that the reference year is laid on: 365 days, starting on a Monday."""
UTC_OFFSET_HOURS = 1
"""The reference year, and so this neighbourhood's clock, is Central European Time the whole year."""
TRY_FILE = INPUTS / "weather" / "TRY2010_12_Jahr.dat"
LATITUDE, LONGITUDE, ALTITUDE_M = 49.52, 8.55, 96.0
"""Mannheim, in the Upper Rhine Graben: the reference region that borders on France."""
HEADER_LINES = 38
COLUMN_WIND, COLUMN_TEMPERATURE, COLUMN_DIRECT, COLUMN_DIFFUSE = 7, 8, 13, 14
CURVES = {
    "south_30": (30, 180),
    "south_45": (45, 180),
    "southeast_30": (30, 135),
    "southwest_30": (30, 225),
    "east_20": (20, 90),
    "west_20": (20, 270),
}
"""Name of a roof: its tilt and azimuth in degrees (180 = south)."""
TEMPERATURE_COEFFICIENT_PER_K = -0.0035
INVERTER_EFFICIENCY = 0.96
ALBEDO = 0.2


@dataclass(frozen=True)
class Sky:
    """Weather of a reference year at a step of ``minutes``; all arrays have one value per step's middle."""

    times: pd.DatetimeIndex
    direct_w_m2: np.ndarray
    diffuse_w_m2: np.ndarray
    temperature_c: np.ndarray
    wind_m_s: np.ndarray
    sun: pd.DataFrame


def read_sky(minutes: int) -> Sky:
    """Reads the hourly reference year and refines it to ``minutes``.

    The file calls its hours Central European Time, yet the middle of its radiation lies at 12:00 +- 3 minutes in
    every season, where noon by that clock moves between 12:16 and 12:38: the radiation is in apparent solar time,
    and read so. Each hour's value is a mean. The share of the extraterrestrial irradiance that arrives is
    interpolated between hours and multiplied by the extraterrestrial irradiance of the minute, so that sunrise,
    noon and sunset fall where the sun puts them.
    """
    table = np.genfromtxt(TRY_FILE, skip_header=HEADER_LINES, encoding="latin-1")[-8760:]
    hours = _grid(60)
    solar_hours = _from_solar_clock(hours)
    times = _grid(minutes)
    arriving_of_hour = _extraterrestrial_w_m2(_from_solar_clock(_grid(1))).reshape(8760, 60).mean(axis=1)
    fine = _extraterrestrial_w_m2(times)

    def spread(column: int) -> np.ndarray:
        hourly = table[:, column]
        share = np.where(arriving_of_hour > 1.0, hourly / np.maximum(arriving_of_hour, 1.0), np.nan)
        known = ~np.isnan(share)
        return np.interp(_seconds(times), _seconds(solar_hours)[known], share[known].clip(0, 1)) * fine

    return Sky(
        times=times,
        direct_w_m2=spread(COLUMN_DIRECT),
        diffuse_w_m2=spread(COLUMN_DIFFUSE),
        temperature_c=np.interp(_seconds(times), _seconds(hours), table[:, COLUMN_TEMPERATURE]),
        wind_m_s=np.interp(_seconds(times), _seconds(hours), table[:, COLUMN_WIND]),
        sun=_position(times),
    )


def pv_w_per_kwp(sky: Sky, tilt: float, azimuth: float) -> np.ndarray:
    """AC power of one kWp at every step, W: Hay-Davies transposition, PVWatts cell, losses and inverter."""
    zenith = sky.sun["apparent_zenith"].to_numpy()
    cos_zenith = np.cos(np.radians(zenith))
    normal = np.where(cos_zenith > 0.035, sky.direct_w_m2 / np.maximum(cos_zenith, 0.035), 0.0)
    plane = pvlib.irradiance.get_total_irradiance(
        surface_tilt=tilt,
        surface_azimuth=azimuth,
        solar_zenith=zenith,
        solar_azimuth=sky.sun["azimuth"].to_numpy(),
        dni=normal,
        ghi=sky.direct_w_m2 + sky.diffuse_w_m2,
        dhi=sky.diffuse_w_m2,
        dni_extra=pvlib.irradiance.get_extra_radiation(sky.times).to_numpy(),
        albedo=ALBEDO,
        model="haydavies",
    )["poa_global"]
    cell_c = pvlib.temperature.faiman(plane, sky.temperature_c, sky.wind_m_s)
    direct_current_w = pvlib.pvsystem.pvwatts_dc(plane, cell_c, 1000.0, TEMPERATURE_COEFFICIENT_PER_K)
    losses = pvlib.pvsystem.pvwatts_losses() / 100
    rated_w = 1000.0 / INVERTER_EFFICIENCY
    power_w = pvlib.inverter.pvwatts(direct_current_w * (1 - losses), rated_w, INVERTER_EFFICIENCY)
    return np.nan_to_num(np.asarray(power_w)).clip(0.0, 1000.0)


def _grid(minutes: int) -> pd.DatetimeIndex:
    start = pd.Timestamp(f"{YEAR}-01-01", tz=f"Etc/GMT-{UTC_OFFSET_HOURS}") + pd.Timedelta(minutes=minutes / 2)
    return pd.date_range(start, periods=365 * 1440 // minutes, freq=f"{minutes}min")


def _seconds(times: pd.DatetimeIndex) -> np.ndarray:
    return times.as_unit("s").asi8


def _from_solar_clock(solar: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """The moments at which the sun's own clock at this longitude shows the given times."""
    equation_of_time_minutes = pvlib.solarposition.equation_of_time_spencer71(solar.dayofyear)
    ahead_minutes = 4 * (LONGITUDE - 15 * UTC_OFFSET_HOURS) + equation_of_time_minutes
    return solar - pd.to_timedelta(np.asarray(ahead_minutes), unit="min")


def _position(times: pd.DatetimeIndex) -> pd.DataFrame:
    return pvlib.solarposition.get_solarposition(times, LATITUDE, LONGITUDE, ALTITUDE_M)


def _extraterrestrial_w_m2(times: pd.DatetimeIndex) -> np.ndarray:
    height = np.cos(np.radians(_position(times)["zenith"].to_numpy())).clip(0)
    return height * pvlib.irradiance.get_extra_radiation(times).to_numpy()
