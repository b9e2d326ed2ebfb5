"""Builds the neighbourhood's year: `python build.py` beside an environment of requirements.txt. See ../SOURCE.md.

Reads ../homes.csv; writes ../year.npz (mean W of each ten-minute slot) and ../year.json (sums and checksum).
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from demand import simulate_year_w
from sun import CURVES, pv_w_per_kwp, read_sky

DATA = Path(__file__).parent.parent
KWH_PER_SLOT_WATT = 1 / 6 / 1000


def main() -> None:
    """Simulates every home and roof, checks the yearly energy, writes both files."""
    with (DATA / "homes.csv").open(newline="") as table:
        homes = list(csv.DictReader(table))
    minute_sky = read_sky(1)
    irradiance_w_m2 = minute_sky.direct_w_m2 + minute_sky.diffuse_w_m2
    slot_sky = read_sky(10)
    pv = np.stack([np.rint(pv_w_per_kwp(slot_sky, *CURVES[name])) for name in CURVES]).astype("<u2")
    loads = []
    summary = {}
    for number, home in enumerate(homes, 1):
        asked_kwh = float(home["yearly_kwh"])
        load_w, raw_kwh = simulate_year_w(int(home["occupants"]), asked_kwh, int(home["seed"]), irradiance_w_m2)
        kwh = float(load_w.sum()) * KWH_PER_SLOT_WATT
        if abs(kwh - asked_kwh) > 0.005 * asked_kwh:
            raise SystemExit(f"{home['id']}: {kwh:.0f} kWh after rescaling, asked {asked_kwh:.0f}")
        loads.append(load_w.astype("<u2"))
        summary[home["id"]] = {"asked_kwh": asked_kwh, "model_kwh": round(raw_kwh, 1), "kwh": round(kwh, 1)}
        print(f"{number}/{len(homes)} {home['id']} {raw_kwh:.0f} -> {asked_kwh:.0f} kWh", file=sys.stderr, flush=True)
    target = DATA / "year.npz"
    np.savez_compressed(
        target,
        load_w=np.stack(loads),
        load_ids=np.array(list(summary)),
        pv_w_per_kwp=pv,
        pv_curves=np.array(list(CURVES)),
    )
    yields = {name: round(float(row.sum()) * KWH_PER_SLOT_WATT, 1) for name, row in zip(CURVES, pv, strict=True)}
    report = {
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "load_kwh": summary,
        "pv_kwh_per_kwp": yields,
    }
    (DATA / "year.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
