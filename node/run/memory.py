"""How much memory the validators' applications have."""

from __future__ import annotations

from typing import Final

import psutil

from node.localnet.localnet import Localnet

_MIB: Final = 2**20


def application_memory_mib(net: Localnet) -> dict[str, float]:
    """Resident memory of each validator's application that runs now, by the validator's name."""
    found: dict[str, float] = {}
    for validator in net.plan.validators:
        process = net.unit(validator.name).processes.get(f"{validator.name}.app")
        if process is None:
            continue
        try:
            found[validator.name] = round(psutil.Process(process.pid).memory_info().rss / _MIB, 1)
        except psutil.NoSuchProcess:
            # It ended a moment ago.
            continue
    return found
