"""power-grid-model, a second independent solver, given the sequence impedances of a network."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from power_grid_model import (
    ComponentType,
    DatasetType,
    LoadGenType,
    PowerGridModel,
    WindingType,
    initialize_array,
)

from clients.common.grid.network import PHASES, Network


def solve(network: Network, p_w: NDArray[np.float64], q_var: NDArray[np.float64]) -> NDArray[np.float64]:
    """Phase-to-neutral voltages in V of each slot, bus and phase; powers are (slots, homes) in W and var."""
    source, transformer = network.source, network.transformer
    ids = iter(range(10**6))
    number = {bus: next(ids) for bus in (source.bus, *network.buses)}
    nodes = initialize_array(DatasetType.input, ComponentType.node, len(number))
    nodes["id"] = list(number.values())
    nodes["u_rated"] = [transformer.high_voltage_v] + [transformer.low_voltage_v] * len(network.buses)

    lines = initialize_array(DatasetType.input, ComponentType.line, len(network.lines))
    for row, line in zip(lines, network.lines, strict=True):
        one, zero = (ohm * line.length_m / 1000 for ohm in (line.type.positive_ohm_per_km, line.type.zero_ohm_per_km))
        row["id"], row["from_status"], row["to_status"] = next(ids), 1, 1
        row["from_node"], row["to_node"] = number[line.from_bus], number[line.to_bus]
        row["r1"], row["x1"], row["r0"], row["x0"] = one.real, one.imag, zero.real, zero.imag
        row["c1"] = row["c0"] = line.type.capacitance_nf_per_km * 1e-9 * line.length_m / 1000
        row["tan1"] = row["tan0"] = 0

    feed = initialize_array(DatasetType.input, ComponentType.source, 1)
    ohm = math.hypot(source.resistance_ohm, source.reactance_ohm)
    feed["id"], feed["node"], feed["status"] = next(ids), number[source.bus], 1
    feed["u_ref"] = source.voltage_v / transformer.high_voltage_v
    feed["sk"], feed["rx_ratio"] = transformer.high_voltage_v**2 / ohm, source.resistance_ohm / source.reactance_ohm

    step = initialize_array(DatasetType.input, ComponentType.transformer, 1)
    step["id"], step["from_node"], step["to_node"] = (
        next(ids),
        number[transformer.high_bus],
        number[transformer.low_bus],
    )
    step["from_status"] = step["to_status"] = 1
    step["u1"], step["u2"], step["sn"] = transformer.high_voltage_v, transformer.low_voltage_v, transformer.rating_va
    step["uk"] = math.hypot(transformer.resistance_percent, transformer.reactance_percent) / 100
    step["pk"] = transformer.resistance_percent / 100 * transformer.rating_va
    step["p0"] = transformer.no_load_loss_w
    step["i0"] = math.hypot(transformer.no_load_loss_w, transformer.magnetising_var) / transformer.rating_va
    step["winding_from"], step["winding_to"], step["clock"] = WindingType.delta, WindingType.wye_n, 1
    step["tap_side"], step["tap_pos"], step["tap_nom"], step["tap_min"], step["tap_max"], step["tap_size"] = (0,) * 6

    loads = initialize_array(DatasetType.input, ComponentType.asym_load, len(network.homes))
    loads["id"] = [next(ids) for _ in network.homes]
    loads["node"] = [number[home.bus] for home in network.homes]
    loads["status"], loads["type"] = 1, LoadGenType.const_power
    loads["p_specified"] = loads["q_specified"] = 0
    model = PowerGridModel(
        {
            ComponentType.node: nodes,
            ComponentType.line: lines,
            ComponentType.source: feed,
            ComponentType.transformer: step,
            ComponentType.asym_load: loads,
        }
    )
    change = initialize_array(DatasetType.update, ComponentType.asym_load, p_w.shape)
    change["id"] = loads["id"]
    share = np.array([[(phase in home.phase) / len(home.phase) for phase in PHASES] for home in network.homes])
    change["p_specified"], change["q_specified"] = p_w[:, :, None] * share, q_var[:, :, None] * share
    answer = model.calculate_power_flow(
        symmetric=False,
        error_tolerance=1e-10,
        update_data={ComponentType.asym_load: change},
        output_component_types={ComponentType.node: ["u"]},
    )
    return np.asarray(answer[ComponentType.node]["u"][:, 1:])
