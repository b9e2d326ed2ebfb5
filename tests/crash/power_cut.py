"""Power cuts of a whole node on a file system of its own, at random times: what was not synced is really gone.

``python -m tests.crash.power_cut [--cuts N]`` (as root) prints a summary as JSON. Both processes, CometBFT's databases
and write-ahead log and the application's store are on one ext4, whose power is cut by its shutdown call: the kernel
then writes nothing more and drops its cache, and the next mount recovers from the journal. No block that anybody could
read may be lost.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.crash.real import Campaign
from tests.crash.small_disk import small_disk, why_not

LONGEST_LIFE_SECONDS = 3.0


def main() -> None:
    """Cut again and again. An exception (exit code 1) is a loss; exit code 77 says that it can't be tried here."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=4)
    arguments = parser.parse_args()
    if reason := why_not():
        print(json.dumps({"power_cuts": 0, "not_run": reason}))
        sys.exit(77)
    chance, started = random.Random(arguments.seed), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vc") as folder, small_disk(Path(folder)) as disk:
        campaign = Campaign(disk.folder / "node", arguments.seed)
        try:
            for _ in range(arguments.cuts):
                campaign.node.start()
                campaign.work_for(chance.uniform(0.3, LONGEST_LIFE_SECONDS))
                disk.cut_power()
                campaign.node.kill()
                disk.unplug()
                disk.plug_in()
            app_hash = campaign.finish()
        finally:
            campaign.node.kill()
        summary = {
            "power_cuts": arguments.cuts,
            "blocks": campaign.traffic.height,
            "transactions": campaign.traffic.sent,
            "app_hash": app_hash,
            "seconds": round(time.monotonic() - started),
        }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
