"""Where a server listens: ``unix:///path`` or ``tcp://host:port``."""

from __future__ import annotations

import errno
import logging
import os
import socket
import stat
from pathlib import Path
from urllib.parse import urlsplit

from node.abci.errors import AddressError, AddressInUseError

log = logging.getLogger(__name__)

_FORMS = "use unix:///path/to.sock or tcp://host:port"
_MAX_PATH_BYTES = 107
"""Linux keeps a socket's path in 108 bytes, the last of them zero."""

_PROBE_SECONDS = 1.0
"""How long to wait for a server that may be there already."""


def listen(address: str) -> socket.socket:
    """Bind and listen.

    A unix socket can be used by its owner only. One left behind by a process that died is replaced.

    Raises:
        AddressError: the address has neither form, or its path is too long or its host unknown.
        AddressInUseError: somebody listens there, or the path is a file that is not a socket.
    """
    if address.startswith("unix://"):
        return _listen_unix(Path(address.removeprefix("unix://")))
    if address.startswith("tcp://"):
        return _listen_tcp(address)
    raise AddressError(f"cannot listen on {address!r}: {_FORMS}")


def bound_address(listener: socket.socket) -> str:
    """Return the address as a client needs it; a port that was asked for as 0 is filled in."""
    if listener.family == socket.AF_UNIX:
        return f"unix://{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    return f"tcp://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"tcp://{host}:{port}"


def _listen_unix(path: Path) -> socket.socket:
    if not 0 < len(os.fsencode(path)) <= _MAX_PATH_BYTES or path == Path():
        raise AddressError(
            f"cannot listen on 'unix://{path}': a socket's path has 1 to {_MAX_PATH_BYTES} bytes; {_FORMS}"
        )
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        # Nobody can connect before listen(), so there is no moment in which others could.
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        listener.listen()
    except OSError as error:
        listener.close()
        raise AddressError(f"cannot listen on 'unix://{path}': {error.strerror}") from error
    return listener


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise AddressInUseError(f"{path} exists and is not a socket; remove it or listen elsewhere")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_SECONDS)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except (TimeoutError, BlockingIOError):
            log.warning("somebody listens on %s without accepting connections", path)
        except OSError as error:
            raise AddressError(f"cannot tell who listens on {path}: {error.strerror}") from error
    raise AddressInUseError(f"another process listens on {path}; stop it or listen elsewhere")


def _listen_tcp(address: str) -> socket.socket:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError(f"cannot listen on {address!r}: {error}; {_FORMS}") from error
    if host is None or port is None or parts.path or parts.query or parts.fragment or parts.username is not None:
        raise AddressError(f"cannot listen on {address!r}: {_FORMS}")
    try:
        family, _, _, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(target[:2], family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise AddressInUseError(f"another process listens on {address}; stop it or listen elsewhere") from error
        raise AddressError(f"cannot listen on {address!r}: {error.strerror}") from error
