"""Where a server listens, and what is wrong with where it should."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from node.abci import AddressError, AddressInUseError, Application, Server
from tests.abci.host import hosted, short_dir
from tests.abci.peer import Peer, echo

BAD = {
    "app.sock": "use unix:///path/to.sock or tcp://host:port",
    "127.0.0.1:26658": "use unix:///path/to.sock or tcp://host:port",
    "grpc://127.0.0.1:26658": "use unix:///path/to.sock or tcp://host:port",
    "unix://": "a socket's path has 1 to 107 bytes",
    "unix:///tmp/" + "x" * 103: "a socket's path has 1 to 107 bytes",
    "unix:///no/such/folder/a.sock": "No such file or directory",
    "tcp://127.0.0.1": "use unix:///path/to.sock or tcp://host:port",
    "tcp://:26658": "use unix:///path/to.sock or tcp://host:port",
    "tcp://127.0.0.1:70000": "out of range",
    "tcp://127.0.0.1:port": "port",
    "tcp://127.0.0.1:0/path": "use unix:///path/to.sock or tcp://host:port",
    "tcp://no host:1": "cannot listen on",
}


@pytest.mark.parametrize("address", BAD)
def test_a_bad_address_is_named_with_the_way_out(address: str) -> None:
    with pytest.raises(AddressError) as caught, hosted(Application(), address):
        pass
    assert BAD[address] in str(caught.value)
    assert address in str(caught.value)


def test_a_free_port_is_taken_and_told() -> None:
    with hosted(Application(), "tcp://127.0.0.1:0") as server:
        assert server.address.startswith("tcp://127.0.0.1:")
        assert not server.address.endswith(":0")


def test_a_port_in_use_is_refused() -> None:
    with hosted(Application(), "tcp://127.0.0.1:0") as first:
        with (
            pytest.raises(AddressInUseError, match="another process listens on tcp://127"),
            hosted(Application(), first.address),
        ):
            pass
        with Peer(first.address) as peer:
            assert peer.ask(echo("unharmed")).echo.message == "unharmed"


def test_a_socket_in_use_is_refused_and_left_alone() -> None:
    with hosted(Application()) as first:
        with (
            pytest.raises(AddressInUseError, match="another process listens on /tmp/"),
            hosted(Application(), first.address),
        ):
            pass
        with Peer(first.address) as peer:
            assert peer.ask(echo("unharmed")).echo.message == "unharmed"


def test_a_socket_whose_owner_is_too_busy_to_accept_is_left_alone() -> None:
    with short_dir() as folder, socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as queued:
        busy.bind(f"{folder}/a.sock")
        busy.listen(0)
        queued.connect(f"{folder}/a.sock")
        with pytest.raises(AddressInUseError), hosted(Application(), f"unix://{folder}/a.sock"):
            pass
        assert (folder / "a.sock").exists()


def test_a_socket_left_by_a_dead_process_is_replaced() -> None:
    with short_dir() as folder:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(f"{folder}/a.sock")
        with hosted(Application(), f"unix://{folder}/a.sock") as server, Peer(server.address) as peer:
            assert peer.ask(echo("new")).echo.message == "new"


def test_a_file_that_is_no_socket_is_never_removed() -> None:
    with short_dir() as folder:
        (folder / "a.sock").write_text("precious")
        with (
            pytest.raises(AddressInUseError, match="is not a socket"),
            hosted(Application(), f"unix://{folder}/a.sock"),
        ):
            pass
        assert (folder / "a.sock").read_text() == "precious"


def test_a_unix_socket_is_its_owners_alone_and_goes_with_the_server() -> None:
    with hosted(Application()) as server:
        path = Path(server.address.removeprefix("unix://"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert server.end() is None
        assert not path.exists()


def test_a_socket_that_was_replaced_meanwhile_is_not_removed() -> None:
    with hosted(Application()) as server:
        path = Path(server.address.removeprefix("unix://"))
        path.unlink()
        path.write_text("somebody else's")
        assert server.end() is None
        assert path.read_text() == "somebody else's"


async def test_a_server_starts_once_and_stops_as_often_as_one_likes() -> None:
    server = Server(Application(), "tcp://127.0.0.1:0")
    await server.stop()
    with pytest.raises(RuntimeError, match="await start"):
        _ = server.address
    await server.start()
    with pytest.raises(RuntimeError, match="starts once"):
        await server.start()
    await server.stop()
    await server.stop()
    await server.wait()
