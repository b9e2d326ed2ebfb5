"""The file of a backup: a tar of the node's data, and at its end a list of them with their hashes."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from node.backup.errors import BackupDamaged, BackupError
from node.backup.image import DATABASES, DOCUMENTS, STATE

CONTENTS: Final = "backup.json"
FORMAT: Final = 1
_BLOCK_BYTES: Final = 1 << 20
_MAX_CONTENTS_BYTES: Final = 64 << 20
_WAY_OUT: Final = "give another copy of it"


class Entry(BaseModel):
    """A file of a backup by its path in the home."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    size_bytes: int
    sha256: str


class Contents(BaseModel):
    """What is in a backup. `height` is the application's; `peers` ("nodeid@host:port") begin with the node itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    chain_id: str
    height: int
    cometbft_version: str
    peers: tuple[str, ...]
    files: tuple[Entry, ...] = ()


def pack(image: Path, contents: Contents, file: Path) -> Contents:
    """Write an image to a file, which must not exist; it appears whole or not at all.

    Raises: BackupError when the file exists; OSError.
    """
    if file.exists():
        raise BackupError(f"{file} exists: choose another name")
    draft = file.with_name(f".{file.name}.part")
    try:
        with draft.open("wb") as out, tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            entries = [_add(tar, path, image) for path in sorted(image.rglob("*")) if path.is_file()]
            contents = contents.model_copy(update={"files": tuple(entries)})
            text = contents.model_dump_json(indent=1).encode()
            tar.addfile(_header(CONTENTS, len(text)), io.BytesIO(text))
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)
    return contents


def unpack(file: Path, target: Path) -> Contents:
    """Write the files of a backup to an empty folder, every one compared with its hash.

    Raises: BackupDamaged; OSError.
    """
    contents = read_contents(file)
    expected = {entry.path: entry for entry in contents.files}
    try:
        with tarfile.open(file, mode="r:") as tar:
            for member in tar:
                entry = expected.pop(member.name, None)
                content = tar.extractfile(member) if entry is not None and member.isreg() else None
                if entry is None or content is None:
                    if member.name == CONTENTS:
                        continue
                    raise BackupDamaged(f"{file}: {member.name} is not in its list of contents")
                _extract(file, content, entry, target / entry.path)
    except (tarfile.TarError, EOFError) as error:
        raise BackupDamaged(f"{file} is no whole backup: {error}: {_WAY_OUT}") from error
    if expected:
        raise BackupDamaged(f"{file}: {min(expected)} is missing: {_WAY_OUT}")
    return contents


def read_contents(file: Path) -> Contents:
    """The list at the end of a backup. Raises: BackupDamaged."""
    try:
        with tarfile.open(file, mode="r:") as tar:
            member = tar.getmember(CONTENTS)
            found = tar.extractfile(member) if member.isreg() and member.size <= _MAX_CONTENTS_BYTES else None
            text = found.read() if found else b""
        contents = Contents.model_validate_json(text)
    except OSError as error:
        message = f"{file}: can't be read ({error.strerror}): give a file of `vdg node backup`"
        raise BackupDamaged(message) from error
    except (tarfile.TarError, EOFError, KeyError) as error:
        message = f"{file} is no whole backup: its list of contents is missing ({error}): {_WAY_OUT}"
        raise BackupDamaged(message) from error
    except ValidationError as error:
        raise BackupDamaged(f"{file} is no backup: its list of contents is wrong: {error}") from error
    if contents.format != FORMAT:
        raise BackupDamaged(f"{file} has format {contents.format}: this program reads format {FORMAT}")
    for entry in contents.files:
        if not _is_ours(PurePosixPath(entry.path)):
            raise BackupDamaged(f"{file}: no backup holds {entry.path}")
    return contents


def _is_ours(path: PurePosixPath) -> bool:
    """Whether a path is one that backups hold, so that nothing else is ever written: no keys, nothing outside."""
    plain = not path.is_absolute() and ".." not in path.parts
    folders = (*DATABASES, STATE[0])
    return plain and (str(path) in (*STATE[1:], *DOCUMENTS) or any(path.is_relative_to(folder) for folder in folders))


def _header(name: str, size_bytes: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size = size_bytes
    header.mode = 0o600
    return header


class _Hashing(io.RawIOBase):
    """Reads a file and hashes what was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        data = self._file.read(size)
        self.sha256.update(data)
        return data


def _add(tar: tarfile.TarFile, path: Path, image: Path) -> Entry:
    """Add a file. A table that CometBFT was still writing may grow meanwhile: what is listed is what is in the tar."""
    name = path.relative_to(image).as_posix()
    size = path.stat().st_size
    with path.open("rb") as file:
        hashing = _Hashing(file)
        tar.addfile(_header(name, size), hashing)
    return Entry(path=name, size_bytes=size, sha256=hashing.sha256.hexdigest())


def _extract(file: Path, content: IO[bytes], entry: Entry, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    sha256 = hashlib.sha256()
    with target.open("xb") as out:
        while block := content.read(_BLOCK_BYTES):
            sha256.update(block)
            out.write(block)
    if sha256.hexdigest() != entry.sha256 or target.stat().st_size != entry.size_bytes:
        raise BackupDamaged(f"{file}: {entry.path} is not what was backed up: {_WAY_OUT}")
