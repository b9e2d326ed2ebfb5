"""Networks as pandapower's JSON files.

pandapower describes lines by sequence impedances. A neutral that is earthed at the transformer only makes
z1 = zs - zm and z0 = zs + 2 zm - 6 zsn + 3 zn (zs, zm: a phase's own and mutual impedance, zsn: phase to neutral, zn:
the neutral's own), so pandapower's own three-phase power flow of a file that was written here gives phase-to-neutral
voltages. What sequences can't hold stands in columns of our own; without them the neutral is taken to have all that
z0 has beyond z1: voltages and the neutral's current don't depend on how the two are shared out, losses do.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clients.common.grid.fault import BadNetwork, Fault, shown
from clients.common.grid.network import PHASES, Network
from clients.common.grid.pandapower_tables import NetworkTables

# Reading a file makes objects of the classes that it names: only of these packages.
_PACKAGES = ("pandapower", "pandas", "numpy", "networkx", "geopandas", "shapely", "builtins")
_NAMED_MODULE = re.compile(r'\\*"_module\\*"\s*:\s*\\*"([^"\\]*)')
_MAX_BYTES = 256 * 2**20
# The transformer's zero sequence as a percentage of its leakage: so much that its flux passes the delta alone.
_NO_ZERO_SEQUENCE_MAGNETISING = 1e6


def read(path: Path) -> Network:
    """The network of a file, named as the file is.

    Raises:
        BadNetwork: it can't be read, isn't pandapower's, or has what a four-wire network of one transformer hasn't.
            Ids, impedances, islands and loops are left to `clients.common.grid.validation.check`.
    """
    try:
        size = path.stat().st_size
        text = path.read_text() if size <= _MAX_BYTES else None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not UTF-8 text"
        fault = Fault("file", "", f"can't be read ({reason})", "name a readable pandapower JSON file")
        raise BadNetwork([fault]) from None
    if text is None:
        raise BadNetwork([Fault("file", "", f"is larger than {_MAX_BYTES} bytes", "cut the network")])
    return parse(text, path.stem)


def parse(text: str, name: str) -> Network:
    """The network of a file's text; raises as `read` does."""
    way_out = "write it with pandapower.to_json, or with vdg grid export"
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadNetwork([Fault("file", "", f"is not JSON ({error})", way_out)]) from None
    if not isinstance(whole, dict) or whole.get("_class") != "pandapowerNet":
        raise BadNetwork([Fault("file", "", "is no pandapower network", way_out)])
    strange = sorted({module for module in _NAMED_MODULE.findall(text) if module.split(".")[0] not in _PACKAGES})
    if strange:
        faults = [Fault("file", shown(module), "is a module that no network needs", "remove it") for module in strange]
        raise BadNetwork(faults)
    import pandapower

    try:
        return NetworkTables(pandapower.from_json_string(text), name).network()
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        ImportError,
        IndexError,
        ArithmeticError,
        UserWarning,
    ) as error:
        reason = f"can't be understood by pandapower ({type(error).__name__}: {error})"
        raise BadNetwork([Fault("file", "", reason, way_out)]) from None


def write(network: Network, p_w: Mapping[str, float] | None = None, q_var: Mapping[str, float] | None = None) -> str:
    """A file's text: the network, and what homes take in W and var where given (others take nothing)."""
    import pandapower

    return str(pandapower.to_json(net_of(network, p_w or {}, q_var or {})))


def net_of(network: Network, p_w: Mapping[str, float], q_var: Mapping[str, float]) -> Any:
    """pandapower's own object for a network with flows in W and var."""
    import pandapower

    source, transformer = network.source, network.transformer
    net = pandapower.create_empty_network(name=network.name, f_hz=50.0)
    # Voltages are relative to the transformer's rated ones, which need not be the source's.
    number = {source.bus: pandapower.create_bus(net, transformer.high_voltage_v / 1000, name=source.bus)}
    for bus in network.buses:
        number[bus] = pandapower.create_bus(net, transformer.low_voltage_v / 1000, name=bus)
    source_ohm = math.hypot(source.resistance_ohm, source.reactance_ohm)
    pandapower.create_ext_grid(
        net,
        number[source.bus],
        vm_pu=source.voltage_v / transformer.high_voltage_v,
        s_sc_max_mva=transformer.high_voltage_v**2 / source_ohm / 1e6,
        rx_max=source.resistance_ohm / source.reactance_ohm if source.reactance_ohm else math.inf,
        x0x_max=1.0,
        r0x0_max=0.1,
    )
    short_circuit_percent = math.hypot(transformer.resistance_percent, transformer.reactance_percent)
    idle_va = math.hypot(transformer.no_load_loss_w, transformer.magnetising_var)
    pandapower.create_transformer_from_parameters(
        net,
        number[transformer.high_bus],
        number[transformer.low_bus],
        name=transformer.id,
        sn_mva=transformer.rating_va / 1e6,
        vn_hv_kv=transformer.high_voltage_v / 1000,
        vn_lv_kv=transformer.low_voltage_v / 1000,
        vk_percent=short_circuit_percent,
        vkr_percent=transformer.resistance_percent,
        vk0_percent=short_circuit_percent,
        vkr0_percent=transformer.resistance_percent,
        mag0_percent=_NO_ZERO_SEQUENCE_MAGNETISING,
        mag0_rx=0.0,
        si0_hv_partial=0.9,
        pfe_kw=transformer.no_load_loss_w / 1000,
        i0_percent=100 * idle_va / transformer.rating_va,
        shift_degree=30.0,
        vector_group="Dyn",
    )
    for line in network.lines:
        kind = line.type
        pandapower.create_line_from_parameters(
            net,
            number[line.from_bus],
            number[line.to_bus],
            length_km=line.length_m / 1000,
            name=line.id,
            r_ohm_per_km=kind.positive_ohm_per_km.real,
            x_ohm_per_km=kind.positive_ohm_per_km.imag,
            c_nf_per_km=kind.capacitance_nf_per_km,
            r0_ohm_per_km=kind.zero_ohm_per_km.real,
            x0_ohm_per_km=kind.zero_ohm_per_km.imag,
            c0_nf_per_km=kind.capacitance_nf_per_km,
            max_i_ka=kind.phase_limit_a / 1000,
            max_i_neutral_ka=kind.neutral_limit_a / 1000,
            r_mutual_ohm_per_km=kind.mutual_ohm_per_km.real,
            x_mutual_ohm_per_km=kind.mutual_ohm_per_km.imag,
            r_phase_neutral_ohm_per_km=kind.phase_neutral_ohm_per_km.real,
            x_phase_neutral_ohm_per_km=kind.phase_neutral_ohm_per_km.imag,
        )
    for home in network.homes:
        share = {phase: 1e-6 / len(home.phase) if phase in home.phase else 0.0 for phase in PHASES}
        powers = {f"p_{phase}_mw": p_w.get(home.id, 0.0) * part for phase, part in share.items()}
        powers |= {f"q_{phase}_mvar": q_var.get(home.id, 0.0) * part for phase, part in share.items()}
        index = pandapower.create_asymmetric_load(net, number[home.bus], name=home.id, type="wye", **powers)
        net.asymmetric_load.at[index, "phase"] = home.phase
    return net
