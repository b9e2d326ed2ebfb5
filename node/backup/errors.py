"""Why a backup can't be made or used."""

from __future__ import annotations


class BackupError(Exception):
    """Nothing was changed; the message says why and what to do."""


class BackupDamaged(BackupError):
    """The file is no whole backup: cut off, changed, or something else."""
