"""The inputs that are always run: files in ``corpus/<target>/``, good ones made here, and what was found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from random import Random

FOLDER = Path(__file__).with_name("corpus")


def inputs_of(target: str) -> list[bytes]:
    """A target's inputs, in order of file name."""
    return [file.read_bytes() for file in sorted((FOLDER / target).iterdir())]


def add(target: str, data: bytes) -> Path:
    """Keep an input; its file is named by its hash, as libFuzzer does."""
    folder = FOLDER / target
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / hashlib.sha256(data).hexdigest()[:24]
    file.write_bytes(data)
    return file


def mutated(random: Random, inputs: list[bytes]) -> bytes:
    """An input with a few changes: bytes replaced, removed, inserted, or the head of one with the tail of another."""
    data = bytearray(random.choice(inputs))
    changes: list[Callable[[bytearray, int], None]] = [
        lambda some, at: some.__setitem__(slice(at, at + 1), bytes((random.randrange(256),))),
        lambda some, at: some.__delitem__(slice(at, at + random.randint(1, 4))),
        lambda some, at: some.__setitem__(slice(at, at), random.randbytes(random.randint(1, 4))),
        lambda some, at: some.__setitem__(slice(at, None), random.choice(inputs)[at:]),
    ]
    for _ in range(random.randint(1, 3)):
        random.choice(changes)(data, random.randrange(len(data) + 1))
    return bytes(data)
