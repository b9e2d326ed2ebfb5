"""What is fuzzed, by name: a function of bytes that raises nothing, whatever the bytes are.

Exceptions that a reader documents are caught here; anything else, and any property that does not hold, is a finding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.fuzz.frames import fuzz_frames
from tests.fuzz.gateway import fuzz_gateway
from tests.fuzz.proofs import fuzz_proofs
from tests.fuzz.snapshots import fuzz_snapshots
from tests.fuzz.transactions import fuzz_transactions


class Target(NamedTuple):
    """A name, which is also the corpus's folder, and what is called."""

    name: str
    run: Callable[[bytes], None]


TARGETS = (
    Target("transactions", fuzz_transactions),
    Target("frames", fuzz_frames),
    Target("gateway", fuzz_gateway),
    Target("snapshots", fuzz_snapshots),
    Target("proofs", fuzz_proofs),
)


def target(name: str) -> Target:
    """The target of a name. Raises: StopIteration."""
    return next(one for one in TARGETS if one.name == name)
