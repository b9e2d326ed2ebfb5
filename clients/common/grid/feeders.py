"""What hangs on each feeder, by walking away from the transformer."""

from __future__ import annotations

from collections import defaultdict, deque

from clients.common.grid.network import Line, Network


def feeder_of_bus(network: Network) -> dict[str, str]:
    """The feeder of each low-voltage bus: the id of the line with which it leaves the transformer's bus.

    The transformer's own bus is on no feeder and maps to "".
    """
    lines_at: dict[str, list[Line]] = defaultdict(list)
    for line in network.lines:
        lines_at[line.from_bus].append(line)
        lines_at[line.to_bus].append(line)
    root = network.transformer.low_bus
    feeders = {root: ""}
    waiting = deque([root])
    while waiting:
        bus = waiting.popleft()
        for line in lines_at[bus]:
            other = line.to_bus if line.from_bus == bus else line.from_bus
            if other not in feeders:
                feeders[other] = feeders[bus] or line.id
                waiting.append(other)
    return feeders


def heads(network: Network) -> tuple[tuple[Line, bool], ...]:
    """The line with which each feeder leaves the transformer's bus, and whether it is described from there outwards."""
    root = network.transformer.low_bus
    return tuple((line, line.from_bus == root) for line in network.lines if root in (line.from_bus, line.to_bus))


def metres_to_bus(network: Network) -> dict[str, float]:
    """How many metres of line each low-voltage bus is away from the transformer."""
    lines_at: dict[str, list[Line]] = defaultdict(list)
    for line in network.lines:
        lines_at[line.from_bus].append(line)
        lines_at[line.to_bus].append(line)
    root = network.transformer.low_bus
    metres = {root: 0.0}
    waiting = deque([root])
    while waiting:
        bus = waiting.popleft()
        for line in lines_at[bus]:
            other = line.to_bus if line.from_bus == bus else line.from_bus
            if other not in metres:
                metres[other] = metres[bus] + line.length_m
                waiting.append(other)
    return metres
