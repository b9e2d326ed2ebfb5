"""`make compose-test`: a short day in containers, in which a validator and the gateway are killed; then all is gone.

Only Python's own library, so that a machine with a container engine needs nothing else of the project.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROJECT = f"vdgtest{os.getpid()}"
# A morning in which homes with PV sell to homes without; it is over in three minutes.
DAY = {"SLOT_SECONDS": "5", "HOMES": "33", "DAY": "06-15", "FROM_SLOT": "54", "SLOTS": "12"}
KILLED = ("validator2", "gateway")
LASTING = (
    *("validator0", "validator1", "validator2", "validator3"),
    *("gateway", "broker", "emulator", "signer", "dso", "households"),
)
HEALTHY_SECONDS, DAY_SECONDS, POLL_SECONDS = 240.0, 420.0, 1.0
NO_ENGINE = """no container engine answers ({reason}).
Get one as root, on Debian and its kin: `apt-get install docker.io docker-compose`; where no system manager starts it,
run `dockerd &`. docs/containers.md has more."""


class EngineMissing(Exception):
    """There is nothing to run containers with."""


class Failed(Exception):
    """The containers did not do what they should."""


def main() -> int:
    """Exit code 0 when the day settled, 1 when not, 3 without an engine."""
    try:
        compose = find_compose()
    except EngineMissing as error:
        print(NO_ENGINE.format(reason=error), file=sys.stderr)
        return 3
    try:
        run_day(compose)
    except (Failed, subprocess.CalledProcessError) as error:
        print(f"compose-test: {error}", file=sys.stderr)
        subprocess.run([*compose, "logs", "--tail", "30"], cwd=ROOT, check=False)
        return 1
    finally:
        subprocess.run([*compose, "down", "--volumes", "--timeout", "20"], cwd=ROOT, check=False)
    return 0


def find_compose() -> list[str]:
    """The command of Compose, with this test's project name.

    Raises: EngineMissing.
    """
    try:
        subprocess.run(["docker", "info"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EngineMissing(f"docker info: {error}") from error
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if plugin.returncode == 0:
        return ["docker", "compose", "--project-name", PROJECT]
    if shutil.which("docker-compose"):
        return ["docker-compose", "--project-name", PROJECT]
    raise EngineMissing("there is neither `docker compose` nor `docker-compose`")


def run_day(compose: list[str]) -> None:
    """Build, start, kill, wait for the report and read it.

    Raises: Failed, subprocess.CalledProcessError.
    """
    environment = os.environ | DAY | {"COMPOSE_HTTP_TIMEOUT": "300"}
    say("building the image")
    subprocess.run([*compose, "build"], cwd=ROOT, env=environment, check=True)
    started = time.monotonic()
    subprocess.run([*compose, "up", "--detach", "--no-build"], cwd=ROOT, env=environment, check=True)
    wait(lambda: all(is_healthy(name) for name in LASTING), "every container is healthy", HEALTHY_SECONDS)
    say(f"every container is healthy {time.monotonic() - started:.0f} s after the start")
    run = json.loads(read_from("reporter", "/vdg/reporter/run.json"))
    for slots, name in enumerate(KILLED, 1):
        moment = run["epoch_s"] + (run["from_slot"] + slots) * run["slot_seconds"]
        wait(lambda due=moment: time.time() >= due, "the day has begun", DAY_SECONDS)  # type: ignore[misc]  # bound now
        kill(name)
    exit_code = wait_for_end("reporter")
    report = json.loads(read_from("reporter", "/vdg/reporter/report.json"))
    check(report, exit_code)
    wait(lambda: all(is_healthy(name) for name in LASTING), "every container is healthy again", 60.0)


def kill(name: str) -> None:
    """Kill every process of a container but its first, as a crash would; the engine must start it again.

    Raises: Failed.
    """
    before = inspect(name)["RestartCount"]
    # The first process forwards the end of its only child. `docker kill` would mark the container as stopped for good.
    subprocess.run(["docker", "exec", container(name), "sh", "-c", "kill -9 -1"], check=False)
    started = time.monotonic()
    wait(lambda: inspect(name)["RestartCount"] > before, f"{name} is started again", 60.0)
    wait(lambda: is_healthy(name), f"{name} is healthy again", 120.0)
    say(f"{name} was killed, and healthy again after {time.monotonic() - started:.0f} s")


def check(report: dict[str, Any], exit_code: int) -> None:
    """Raises: Failed when the day did not settle, or the report names a problem."""
    say(
        f"{report['slots_settled']} of {report['slots']} slots settled, {report['energy_traded_wh']} Wh traded, "
        f"{report['proofs']} proofs, {report['blocks']} blocks, app hashes differ at "
        f"{report['app_hash_agreed']['disagreements']} of {report['app_hash_agreed']['heights']} heights"
    )
    if not report["finished"] or report["problems"] or exit_code:
        raise Failed(f"the day did not go well: {report['problems']}, exit code {exit_code}")
    if report["slots_settled"] != report["slots"] or not report["energy_traded_wh"] or not report["proofs"]:
        raise Failed("slots were left unsettled, or nothing was traded or proved")


def container(name: str) -> str:
    """A service's container, by its id. Raises: Failed when there is none."""
    labels = {"com.docker.compose.project": PROJECT, "com.docker.compose.service": name}
    filters = [part for label, value in labels.items() for part in ("--filter", f"label={label}={value}")]
    command = ["docker", "ps", "--all", "--quiet", *filters]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    if not found:
        raise Failed(f"there is no container of {name}")
    return found[0]


def inspect(name: str) -> dict[str, Any]:
    """What the engine knows of a service's container."""
    command = ["docker", "inspect", container(name)]
    known: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]
    return known


def is_healthy(name: str) -> bool:
    """Whether a service's container runs and its health check is content."""
    state = inspect(name)["State"]
    return bool(state["Running"]) and state.get("Health", {}).get("Status") == "healthy"


def wait_for_end(name: str) -> int:
    """The exit code of a container that ends by itself. Raises: Failed."""
    wait(lambda: not inspect(name)["State"]["Running"], f"{name} has ended", DAY_SECONDS)
    return int(inspect(name)["State"]["ExitCode"])


def read_from(name: str, file: str) -> str:
    """A file of a container, running or not."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        subprocess.run(["docker", "cp", f"{container(name)}:{file}", str(copy)], check=True)
        return copy.read_text()


def wait(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Raises: Failed when the condition does not come true in time."""
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise Failed(f"within {seconds:g} s it did not happen that {what}")
        time.sleep(POLL_SECONDS)


def say(line: str) -> None:
    """A line of progress."""
    print(f"compose-test: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
