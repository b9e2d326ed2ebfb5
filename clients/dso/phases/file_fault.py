"""What is wrong with a file for `vdg phases`, said so that its author can mend it."""

from __future__ import annotations

from clients.common.file_error import FileError


class BadPhasesFile(Exception):
    """The file can't be used; ``faults`` are all that is wrong with it."""

    def __init__(self, faults: list[FileError]) -> None:
        super().__init__("; ".join(f"{fault.field} {fault.reason}" for fault in faults))
        self.faults = faults
