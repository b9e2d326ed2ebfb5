"""The end of CometBFT's write-ahead log (consensus/wal.go), where a kill can leave a gap that it never closes.

A block is saved, then the log is told that its height has ended. Killed in between, CometBFT executes the saved block
at its next start but leaves the log without that mark, and says "WAL does not contain #ENDHEIGHT" at every start until
another height has ended: what it logs of the new height cannot be replayed. Killed again in the second round of that
height, it has forgotten its votes while its sign state remembers a later round, and never votes in that height again.
A chain that needs its vote stands still for good. So the mark is written before the start, as CometBFT would have done.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp

WAL: Final = Path("data/cs.wal/wal")
_HEADER_BYTES: Final = 8
# What consensus/wal.go takes at most.
_MAX_MESSAGE_BYTES: Final = 1024 * 1024 + 24
# A mark is a time and a height; what is longer is none.
_MAX_MARK_BYTES: Final = 48
# The fields of TimedWALMessage, WALMessage and EndHeight (tendermint/consensus/wal.proto).
_TIME, _MESSAGE, _END_HEIGHT, _HEIGHT = b"\x0a", b"\x12", b"\x22", b"\x08"
_CASTAGNOLI: Final = 0x82F63B78


class _Record(NamedTuple):
    start: int
    data: bytes


class WalDamaged(Exception):
    """The log is damaged otherwise than by a record that was cut off; CometBFT repairs it or says what to do."""


def mark_ended(home: Path, height: int) -> bool:
    """Tell the log that a height has ended whose block is saved, unless it has been; returns whether it was told.

    A last record that was cut off is removed first: nothing could be read behind it. The node must be stopped.

    Raises: WalDamaged, OSError.
    """
    file = home / WAL
    if height < 1 or not file.exists() or not file.stat().st_size:
        return False
    content = file.read_bytes()
    end, last = 0, 0
    for record in _records(content):
        end = record.start + _HEADER_BYTES + len(record.data)
        last = _ended_height(record.data) or last
    # The mark may be the last word of a log that was put away.
    if last >= height or (not last and any(_last_mark(older) >= height for older in file.parent.glob("wal.[0-9]*"))):
        return False
    with file.open("r+b") as out:
        out.truncate(end)
        out.seek(end)
        out.write(_encoded(height))
        out.flush()
        os.fsync(out.fileno())
    return True


def _records(content: bytes) -> Iterator[_Record]:
    """The records up to the end, or up to a last one that is cut off. Raises: WalDamaged."""
    at = 0
    while at + _HEADER_BYTES <= len(content):
        length = int.from_bytes(content[at + 4 : at + _HEADER_BYTES], "big")
        if length > _MAX_MESSAGE_BYTES:
            raise WalDamaged(f"a record at byte {at} announces {length} bytes")
        end = at + _HEADER_BYTES + length
        if end > len(content):
            return
        yield _Record(at, content[at + _HEADER_BYTES : end])
        at = end


def _last_mark(file: Path) -> int:
    return max((_ended_height(record.data) for record in _records(file.read_bytes())), default=0)


def _ended_height(data: bytes) -> int:
    """The height that a record says has ended; 0 for another record."""
    if len(data) > _MAX_MARK_BYTES or data[:1] != _TIME:
        return 0
    message = data[2 + data[1] :]
    if message[:1] != _MESSAGE or message[2:3] != _END_HEIGHT or message[4:5] != _HEIGHT:
        return 0
    height = 0
    for index, byte in enumerate(message[5:]):
        height |= (byte & 0x7F) << (7 * index)
    return height


def _encoded(height: int) -> bytes:
    now_ns = time.time_ns()
    stamp = Timestamp(seconds=now_ns // 10**9, nanos=now_ns % 10**9).SerializeToString()
    mark = _field(_MESSAGE, _field(_END_HEIGHT, _HEIGHT + _varint(height)))
    data = _field(_TIME, stamp) + mark
    return _crc32c(data).to_bytes(4, "big") + len(data).to_bytes(4, "big") + data


def _field(tag: bytes, content: bytes) -> bytes:
    return tag + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def _crc32c(data: bytes) -> int:
    """CRC-32 with Castagnoli's polynomial, bit by bit: a mark has twenty bytes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_CASTAGNOLI if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
