"""What is wrong with a session's file."""

from __future__ import annotations

from clients.common.file_error import FileError


class BadSessionFile(Exception):
    """A session's file can't be used; ``errors`` are all that is wrong with it."""

    def __init__(self, errors: list[FileError]) -> None:
        super().__init__("; ".join(f"{error.field} {error.reason}" for error in errors))
        self.errors = errors
