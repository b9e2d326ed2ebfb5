"""``python -m node.containers``: what the image runs; docker-compose.yml says which container does what."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable

from node.containers.description import BROKER, SIGNER, VALIDATORS

# Each task imports what it needs when it is run: the checks of health run every few seconds.
CHECKS = ["validator", "gateway", "broker", "signer", "emulator", "dso", "households"]


def main() -> int:
    """Exit code 0 when done or ended by a signal, 1 when something does not work, 2 for bad input."""
    parser = argparse.ArgumentParser(prog="python -m node.containers", description=__doc__)
    tasks = parser.add_subparsers(dest="task", required=True)
    tasks.add_parser("prepare", help="write keys, genesis and settings into the volumes, unless they are there")
    validator = tasks.add_parser("validator", help="run a validator's application and CometBFT")
    validator.add_argument("name", choices=[f"validator{index}" for index in range(VALIDATORS)])
    tasks.add_parser("service", help="run a service").add_argument("name")
    tasks.add_parser("report", help="follow the day and write the report")
    tasks.add_parser("healthy", help="whether the process here works").add_argument("what", choices=CHECKS)
    arguments = parser.parse_args()
    work: dict[str, Callable[[], int]] = {
        "prepare": prepare,
        "validator": lambda: run_validator(arguments.name),
        "service": lambda: run_service(arguments.name),
        "report": report,
        "healthy": lambda: healthy(arguments.what),
    }
    return work[arguments.task]()


def prepare() -> int:
    """The options come from the environment, which docker-compose.yml passes on."""
    from clients.common.slots import SLOTS_PER_DAY
    from node.containers.prepare import Options, PrepareError, prepare

    try:
        from_slot = int(os.environ.get("FROM_SLOT", "0"))
        options = Options(
            slot_seconds=int(os.environ.get("SLOT_SECONDS", "5")),
            from_slot=from_slot,
            slots=int(os.environ.get("SLOTS") or SLOTS_PER_DAY - from_slot),
            homes=int(os.environ.get("HOMES", "33")),
            day=os.environ.get("DAY", "06-15"),
        )
        made = prepare(options)
    except ValueError as error:
        print(f"SLOT_SECONDS, FROM_SLOT, SLOTS, HOMES or DAY: {error}", file=sys.stderr)
        return 2
    except PrepareError as error:
        print(error, file=sys.stderr)
        return 1
    print("keys, genesis and settings are made" if made else "the volumes hold a run already, which goes on")
    return 0


def run_validator(name: str) -> int:
    """See `run_validator` there."""
    from node.containers.processes import run_validator

    return asyncio.run(run_validator(name))


def run_service(name: str) -> int:
    """Becomes the service."""
    from node.containers.processes import become_service

    become_service(name)


def report() -> int:
    """Exit code 1 when the report names a problem."""
    from node.containers.reporting import OUT, report_day

    done = asyncio.run(report_day())
    for problem in done.problems:
        print(f"problem: {problem}", file=sys.stderr)
    print(f"report: {OUT / 'report.html'} and {OUT / 'report.json'}")
    return 0 if done.finished and not done.problems else 1


def healthy(what: str) -> int:
    """Exit code 1, with the reason, when it is not."""
    from node.containers import health

    checks: dict[str, Callable[[], str]] = {
        "validator": health.check_validator,
        "gateway": health.check_gateway,
        "broker": lambda: health.check_port(BROKER),
        "signer": lambda: health.check_port(SIGNER),
    }
    try:
        wrong = checks.get(what, lambda: health.check_writes(what))()
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is the answer
        wrong = f"{type(error).__name__}: {error}"
    if wrong:
        print(wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
