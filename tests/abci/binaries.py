"""The real CometBFT, in the version that validators run and in the older line with the same wire."""

from __future__ import annotations

import pytest

from node.toolchain import COMETBFT_VERSION, COMPATIBLE_VERSION

VERSIONS = [COMETBFT_VERSION, COMPATIBLE_VERSION]

real_cometbft = [pytest.mark.network, pytest.mark.timeout(900)]
"""Marks for tests that need the binaries. The first of them may have to build: two to three minutes, once."""
