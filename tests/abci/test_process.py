"""The server as a process: signals, exit codes, what is left behind."""

from __future__ import annotations

import os
import signal

import pytest

from tests.abci.daemon import kvstore
from tests.abci.host import short_dir
from tests.abci.peer import FLUSH, Peer, echo
from wire.gen.tendermint.abci import types_pb2 as abci

SIGNALS = [signal.SIGTERM, signal.SIGINT]
FINALIZE = abci.Request(finalize_block=abci.RequestFinalizeBlock(height=1, txs=[b"a=1"]))
COMMIT = abci.Request(commit=abci.RequestCommit())


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_an_idle_server_cleanly_and_removes_its_socket(number: signal.Signals) -> None:
    with short_dir() as folder, kvstore(f"unix://{folder}/a.sock", folder) as app:
        with Peer(f"unix://{folder}/a.sock") as peer:
            peer.ask(echo("connected"))
            app.send(number)
            assert peer.receive_until_closed() == []
        assert app.exit_code() == 0
        assert f"{number.name}: stopping" in app.log
        assert not (folder / "a.sock").exists()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_lets_the_request_in_hand_be_finished_and_answered(number: signal.Signals) -> None:
    with short_dir() as folder:
        fifo = folder / "state.fifo"
        os.mkfifo(fifo)
        address = f"unix://{folder}/a.sock"
        with kvstore(address, folder, "--hold-in", "commit") as app, Peer(address) as peer:
            peer.send(FINALIZE, COMMIT)
            app.wait_for("holding")
            app.send(number)
            fifo.write_bytes(b"")
            kinds = [reply.WhichOneof("value") for reply in peer.receive_until_closed()]
            assert kinds == ["finalize_block", "commit"]
            assert app.exit_code() == 0
        assert (folder / "state.json").read_text() == '{"height": 1, "items": {"a": "1"}}'


def test_a_failure_of_the_application_is_a_traceback_and_exit_code_1() -> None:
    with short_dir() as folder:
        address = f"unix://{folder}/a.sock"
        with kvstore(address, folder, "--fail-in", "commit") as app, Peer(address) as peer:
            peer.send(FINALIZE, COMMIT, FLUSH)
            assert "ArithmeticError" in peer.receive_until_closed()[-1].exception.error
            assert app.exit_code() == 1
            assert "node.abci.errors.ApplicationFailedError: the application failed in commit()" in app.log
        assert not (folder / "a.sock").exists()
        assert not (folder / "state.json").exists()


def test_a_server_killed_hard_is_followed_by_one_at_the_same_socket() -> None:
    with short_dir() as folder:
        address = f"unix://{folder}/a.sock"
        with kvstore(address, folder) as first:
            first.send(signal.SIGKILL)
            assert first.exit_code() == -signal.SIGKILL
        assert (folder / "a.sock").exists()
        with kvstore(address, folder), Peer(address) as peer:
            assert peer.ask(echo("back")).echo.message == "back"


def test_a_second_server_on_the_same_socket_ends_with_a_clear_error() -> None:
    with short_dir() as folder:
        address = f"unix://{folder}/a.sock"
        with (
            kvstore(address, folder),
            pytest.raises(RuntimeError, match="AddressInUseError: another process listens on"),
        ):
            kvstore(address, folder)
