"""A real validator of one: its home, both of its processes, each started with fail points or killed by hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from node import failpoint
from node.cometbft.genesis import ConsensusParams, GenesisValidator, genesis_json
from node.cometbft.home import Home
from node.cometbft.settings import Settings, Wiring
from node.failpoint import VARIABLE
from node.localnet.repair import repair
from node.toolchain import binary
from node.validator.__main__ import main as validator_main
from tests.app import world
from tests.crash.forked import ForkedProcess, in_child
from tests.crash.unix_rpc import RpcGone, call

DEADLINE_SECONDS: Final = 60.0
LOG_TAIL: Final = 2000
COMETBFT_VARIABLE: Final = "FAIL_TEST_INDEX"
APP_SOCKET, RPC_SOCKET = "app.sock", "rpc.sock"
# Root may write whatever a folder's mode says. Without CAP_DAC_OVERRIDE it may not, just as any other user; who has not
# got it is not allowed to give it up, which is fine.
WITHOUT_PRIVILEGE: Final = (
    sys.executable,
    "-c",
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(24, 1, 0, 0, 0); os.execv(sys.executable, sys.orig_argv[:1] + "
    "sys.argv[1:])",
)
# A campaign goes on with the code it began with, also when it runs in a copy of the checkout.
_CHECKOUT: Final = Path(__file__).parents[2]


class Gone(Exception):
    """A process of the node has ended, which a campaign expects."""


class Refused(Gone):
    """CometBFT answers with an error; it is often about to end, or its application has."""


class Node:
    """One validator in a folder; its sockets are in there too, so keep the folder's name short."""

    def __init__(
        self, folder: Path, *, timeout_commit_ms: int = 10, app_options: Sequence[str] = (), forked: bool = False
    ) -> None:
        """``app_options`` are options of node.validator's; ``forked`` makes the application a fork of this process."""
        self.folder = folder
        self._forked = forked
        self.app_options = tuple(app_options)
        self.app: subprocess.Popen[bytes] | ForkedProcess | None = None
        self.cometbft: subprocess.Popen[bytes] | None = None
        self._binary = str(binary("cometbft"))
        if not (folder / "config").exists():
            self._create(timeout_commit_ms)

    def _create(self, timeout_commit_ms: int) -> None:
        home = Home.create(self.folder)
        settings = Settings(
            timeout_commit_ms=timeout_commit_ms,
            overrides={"consensus": {"timeout_propose": "300ms", "timeout_prevote": "100ms"}},
        )
        home.write_config(settings, Wiring("crash", f"unix://{APP_SOCKET}", 0, 0, ()))
        validator = GenesisValidator("crash", home.validator_key.public_key, 10)
        state = world.genesis(validators=[], grid={"grids": [world.grid(epoch_s=_next_epoch_s())]})
        home.write_genesis(
            genesis_json(
                chain_id=world.CHAIN_ID,
                genesis_time_ns=time.time_ns(),
                validators=[validator],
                app_state=state,
                params=ConsensusParams(),
            )
        )

    # Processes

    def start(
        self,
        *,
        app_failpoint: str = "",
        cometbft_failpoint: str = "",
        repaired: bool = True,
        abci_socket: str = APP_SOCKET,
    ) -> None:
        """Start what does not run. The failpoints are values of VDG_FAILPOINT and FAIL_TEST_INDEX.

        ``abci_socket``: what CometBFT takes for the application's.
        """
        if not running(self.app):
            self.start_app(app_failpoint)
        if not running(self.cometbft):
            if repaired:
                self._repair()
            (self.folder / RPC_SOCKET).unlink(missing_ok=True)
            options = [
                f"--rpc.laddr=unix://{RPC_SOCKET}",
                "--p2p.laddr=tcp://127.0.0.1:0",
                f"--proxy_app=unix://{abci_socket}",
            ]
            command = [self._binary, "start", "--home", ".", *options]
            self.cometbft = self._popen(command, "cometbft.log", {COMETBFT_VARIABLE: cometbft_failpoint})

    def start_app(self, failpoint: str = "") -> None:
        """Start the application alone, and wait until it listens or has ended."""
        (self.folder / APP_SOCKET).unlink(missing_ok=True)
        arguments = ["node.validator", "--home", ".", "--address", f"unix://{APP_SOCKET}", *self.app_options]
        if self._forked:
            self.app = ForkedProcess(partial(_serve, arguments, failpoint), self.folder, self.folder / "app.log")
        else:
            self.app = self._popen([*WITHOUT_PRIVILEGE, "-m", *arguments], "app.log", {VARIABLE: failpoint})
        # CometBFT that finds no application tries again only after three seconds.
        self._wait_for_app()

    def _repair(self) -> None:
        """As the supervisor does. Not in a process that forks: LevelDB's thread would be missing in the fork."""
        if self._forked:
            in_child(lambda: self._note(repair(self.folder)))
        else:
            self._note(repair(self.folder))

    def _note(self, repairs: list[str]) -> None:
        with (self.folder / "repairs.log").open("a") as log:
            log.writelines(f"{line}\n" for line in repairs)

    @property
    def repairs(self) -> list[str]:
        """What had to be put right before a start, so far."""
        log = self.folder / "repairs.log"
        return log.read_text().splitlines() if log.exists() else []

    def _wait_for_app(self) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not (self.folder / APP_SOCKET).exists() and running(self.app) and time.monotonic() < deadline:
            time.sleep(0.005)

    def _popen(self, command: list[str], log: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with (self.folder / log).open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=os.environ | {"PYTHONPATH": str(_CHECKOUT)} | dict(environment),
            )

    def kill(self) -> None:
        """SIGKILL for both."""
        for process in (self.app, self.cometbft):
            kill(process)

    def stop(self) -> tuple[int, int]:
        """SIGTERM for CometBFT, then for the application; their exit codes."""
        assert self.app is not None
        assert self.cometbft is not None
        codes = []
        for process in (self.cometbft, self.app):
            process.terminate()
            codes.append(process.wait(DEADLINE_SECONDS))
        return codes[0], codes[1]

    def log(self, part: str) -> str:
        """All that ``app`` or ``cometbft`` has written so far."""
        return (self.folder / f"{part}.log").read_text(errors="replace")

    # Asking it

    def rpc(self, method: str, /, **params: object) -> Any:
        """A JSON-RPC call's result. Raises: Gone when nobody answers, Refused for an error in return."""
        try:
            return call(self.folder / RPC_SOCKET, method, **params)
        except RpcGone as error:
            raise Gone(f"CometBFT does not answer: {error}") from error
        except RuntimeError as error:
            raise Refused(str(error)) from error

    def height(self) -> int:
        """The last block's; 0 before the first. Raises: Gone."""
        return int(self.rpc("status")["sync_info"]["latest_block_height"])

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition holds while both processes run.

        Raises: Gone when one ends, TimeoutError when it does not hold in time.
        """
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            try:
                if condition():
                    return
            except Gone:
                # It may only be starting.
                pass
            for name, process in (("app", self.app), ("cometbft", self.cometbft)):
                if not running(process):
                    raise Gone(f"{name} has ended while waiting until {what}")
            time.sleep(0.01)
        logs = "\n".join(f"{part}: {self.log(part)[-LOG_TAIL:]}" for part in ("app", "cometbft"))
        raise TimeoutError(f"waited in vain until {what}\n{logs}")


def _serve(arguments: list[str], failpoint_value: str) -> int:
    """The application's main function, in a fork."""
    failpoint.set_action(failpoint.from_environment(failpoint_value))
    sys.argv = arguments
    return validator_main()


def running(process: subprocess.Popen[bytes] | ForkedProcess | None) -> bool:
    """Whether a process was started and has not ended."""
    return process is not None and process.poll() is None


def kill(process: subprocess.Popen[bytes] | ForkedProcess | None) -> None:
    """SIGKILL, and wait for the end."""
    if process is not None:
        process.send_signal(signal.SIGKILL)
        process.wait(DEADLINE_SECONDS)


def _next_epoch_s() -> int:
    """Slot 0 begins within ten minutes, so that a campaign sees slots begin and end."""
    return (int(time.time()) // world.SLOT_SECONDS + 1) * world.SLOT_SECONDS
