"""How a command ends: exit codes, and the one-line message for each kind of failure."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every `vdg` command."""

    OK = 0
    FAILURE = 1
    BAD_INPUT = 2
    UNREACHABLE = 3
    REFUSED = 4
    UNVERIFIED = 5
    INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot go on; the message says why and what to do, in one line where possible."""

    def __init__(self, message: str, code: Exit = Exit.FAILURE) -> None:
        super().__init__(message)
        self.code = code


def expected_failures() -> tuple[tuple[type[Exception], Exit], ...]:
    """The exceptions of our own libraries that a command may let through, the more special first.

    Imported here because nothing of this is needed unless a command has failed.
    """
    from clients.common.errors import ChainError, Refused, Unavailable
    from node.backup.errors import BackupDamaged, BackupError
    from node.cometbft.home import HomeError
    from node.cometbft.rpc_errors import RpcError, RpcUnreachableError
    from node.localnet.errors import LocalnetError, NotRunningError, UnknownNameError
    from node.run.errors import RunError
    from node.store import StoreUnavailable
    from node.toolchain import ToolchainError
    from wire.keystore import KeystoreError
    from wire.unverified import Unverified

    return (
        (Refused, Exit.REFUSED),
        (Unverified, Exit.UNVERIFIED),
        (Unavailable, Exit.UNREACHABLE),
        (ChainError, Exit.FAILURE),
        (RpcUnreachableError, Exit.UNREACHABLE),
        (RpcError, Exit.FAILURE),
        (HomeError, Exit.FAILURE),
        (StoreUnavailable, Exit.FAILURE),
        (BackupDamaged, Exit.BAD_INPUT),
        (BackupError, Exit.FAILURE),
        (NotRunningError, Exit.UNREACHABLE),
        (UnknownNameError, Exit.BAD_INPUT),
        (LocalnetError, Exit.FAILURE),
        (RunError, Exit.FAILURE),
        (ToolchainError, Exit.FAILURE),
        (KeystoreError, Exit.BAD_INPUT),
    )


def explain(error: Exception) -> tuple[str, Exit]:
    """The message and exit code for an exception that a command let through."""
    if isinstance(error, CommandError):
        return str(error), error.code
    for kind, code in expected_failures():
        if isinstance(error, kind):
            return str(error), code
    if isinstance(error, OSError):
        return str(error), Exit.FAILURE
    return f"internal error: {type(error).__name__}: {error} (VDG_DEBUG=1 shows where)", Exit.FAILURE
