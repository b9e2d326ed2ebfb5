"""CometBFT's binaries, built from source once and cached outside the checkout.

>>> from node.toolchain import binary
>>> binary()            # the validator, at the pinned version
>>> binary("abci-cli", COMPATIBLE_VERSION)
"""

from __future__ import annotations

import sys
from pathlib import Path

from node.toolchain.build import Builder
from node.toolchain.cache import BinaryCache, Report, default_root
from node.toolchain.errors import ToolchainError
from node.toolchain.release import BINARIES, COMETBFT_VERSION, COMPATIBLE_VERSION, RELEASES

__all__ = ["COMETBFT_VERSION", "COMPATIBLE_VERSION", "ToolchainError", "binary"]


def to_stderr(line: str) -> None:
    """Show one line of progress."""
    print(f"vdg: {line}", file=sys.stderr, flush=True)


def binary(name: str = "cometbft", version: str = COMETBFT_VERSION, *, report: Report = to_stderr) -> Path:
    """The path of a CometBFT binary, built first if this machine has none yet (minutes, and needs the network).

    A binary that was built before is found in well under a millisecond, without a network and without Go.

    Args:
        name: "cometbft" or "abci-cli".
        version: a version in `RELEASES`.
        report: gets lines of progress while building.

    Raises:
        ToolchainError: an unknown name or version, or a build that failed.
    """
    if name not in BINARIES:
        raise ToolchainError(f"no binary {name!r}: choose one of {', '.join(BINARIES)}")
    release = RELEASES.get(version)
    if release is None:
        raise ToolchainError(f"CometBFT {version!r} is not pinned here: choose one of {', '.join(RELEASES)}")
    cache = BinaryCache(default_root())
    return cache.obtain(release, Builder(release, cache.log(release), report), report) / name
