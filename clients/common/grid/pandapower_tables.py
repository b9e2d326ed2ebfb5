"""pandapower's tables, turned into a network; everything that has no place in one is named."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from clients.common.grid.fault import BadNetwork, Fault, shown
from clients.common.grid.network import PHASES, THREE_PHASE, Home, Line, LineType, Network, Source, Transformer

# pandapower's power flow knows no source impedance. Where a file gives none, one as good as none stands in.
_STIFF_OHM = 1e-3
_MAX_LOW_VOLTAGE_KV = 1.0
_UNLIMITED_A = 1e6
# The part of a loop's impedance that its neutral gets where z0 has hardly more than z1.
_LEAST_NEUTRAL = 0.1
# Tables that carry power and that a network of homes behind one transformer hasn't.
_FOREIGN = (
    "asymmetric_sgen", "dcline", "gen", "impedance", "line_dc", "load_dc", "motor", "sgen", "shunt", "source_dc", "ssc",
    "storage", "svc", "tcsc", "trafo3w", "vsc", "vsc_bipolar", "vsc_stacked", "ward", "xward",
)  # fmt: skip


class NetworkTables:
    """The tables of a pandapower network."""

    def __init__(self, net: Any, name: str) -> None:
        self._net = net
        self._name = name
        self._faults: list[Fault] = []
        self._bus_name = {int(index): _name(row, f"bus {index}") for index, row in self._rows("bus")}

    def network(self) -> Network:
        """The network.

        Raises:
            BadNetwork: it has faults that keep it from being one; all are listed.
        """
        for table in _FOREIGN:
            count = sum(1 for _ in self._rows(table))
            if count:
                way_out = "remove them: what homes take and give is not part of a network"
                self._fault(f"table {table}", str(count), "has elements that have no place here", way_out)
        sources, transformers = list(self._rows("ext_grid")), list(self._rows("trafo"))
        for table, rows in (("ext_grid", sources), ("trafo", transformers)):
            if len(rows) != 1:
                self._fault(f"table {table}", str(len(rows)), "is not one element in service", "keep exactly one")
        self._check_switches()
        lines = [self._line(index, row) for index, row in self._rows("line") if index not in self._open_lines()]
        homes = [*self._single_phase_homes(), *self._three_phase_homes()]
        if len(sources) != 1 or len(transformers) != 1:
            raise BadNetwork(self._faults)
        transformer = self._transformer(*transformers[0])
        source = self._source(sources[0][1])
        buses = []
        for index, row in self._rows("bus"):
            if self._bus_name[index] == source.bus:
                continue
            buses.append(self._bus_name[index])
            if self._number(f"bus {shown(self._bus_name[index])}", row, "vn_kv") > _MAX_LOW_VOLTAGE_KV:
                where = f"bus {shown(self._bus_name[index])} vn_kv"
                self._fault(where, str(row["vn_kv"]), "is not low voltage", "keep only the transformer's own high bus")
        if self._faults:
            raise BadNetwork(self._faults)
        return Network(
            name=self._name,
            description=str(self._net.get("name") or self._name),
            source=source,
            transformer=transformer,
            buses=tuple(buses),
            lines=tuple(lines),
            homes=tuple(homes),
        )

    def _rows(self, table: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """The elements in service."""
        frame = self._net.get(table)
        if frame is None:
            return
        for index, row in zip(frame.index, frame.to_dict("records"), strict=True):
            if row.get("in_service", True) in (True, 1):
                yield int(index), row

    def _fault(self, where: str, value: str, reason: str, way_out: str) -> None:
        self._faults.append(Fault(where, value, reason, way_out))

    def _number(self, where: str, row: dict[str, Any], column: str, default: float | None = None) -> float:
        """A figure of a row; where it is missing the default, and without one a fault."""
        value = row.get(column)
        missing = value is None or (isinstance(value, float) and math.isnan(value))
        if missing and default is not None:
            return default
        try:
            return float("nan" if value is None else value) if not missing else self._missing(where, column)
        except (TypeError, ValueError):
            self._fault(f"{where} {column}", shown(value), "is not a number", "give a number")
            return math.nan

    def _missing(self, where: str, column: str) -> float:
        # A file that pandapower writes has nothing where a figure is infinite.
        self._fault(f"{where} {column}", "", "is missing", "give a finite number")
        return math.nan

    def _parallel(self, where: str, row: dict[str, Any]) -> int:
        """How many equal elements a row stands for."""
        given = self._number(where, row, "parallel", 1)
        if given >= 1 and given.is_integer():
            return int(given)
        if not math.isnan(given):
            self._fault(f"{where} parallel", f"{given:g}", "is not a whole number from 1 on", "count the elements")
        return 1

    def _bus(self, row: dict[str, Any], column: str) -> str:
        """The name of the bus that a row refers to; an unknown one is left for validation to name."""
        value = row.get(column)
        return self._bus_name.get(value, f"bus {value}") if isinstance(value, int) else f"bus {shown(value)}"

    def _source(self, row: dict[str, Any]) -> Source:
        bus = self._bus(row, "bus")
        voltage_kv = {name: index for index, name in self._bus_name.items()}.get(bus)
        base_kv = float(self._net.bus.at[voltage_kv, "vn_kv"]) if voltage_kv is not None else math.nan
        strength_mva = self._number("ext_grid", row, "s_sc_max_mva", default=math.inf)
        ohm = base_kv**2 / strength_mva if strength_mva > 0 else 0.0
        ratio = self._number("ext_grid", row, "rx_max", default=0.1)
        angle = math.atan2(1.0, ratio)
        if ohm == 0:
            ohm, angle = _STIFF_OHM, math.pi / 2
        return Source(
            bus=bus,
            voltage_v=self._number("ext_grid", row, "vm_pu") * base_kv * 1000,
            resistance_ohm=max(ohm * math.cos(angle), 0.0),
            reactance_ohm=ohm * math.sin(angle),
        )

    def _transformer(self, index: int, row: dict[str, Any]) -> Transformer:
        name = _name(row, f"trafo {index}")
        where = f"transformer {shown(name)}"
        group = str(row.get("vector_group") or "Dyn")
        if not group.startswith("Dyn"):
            self._fault(f"{where} vector_group", shown(group), "is not Dyn", "only delta-wye transformers are known")
        resistance, total = self._number(where, row, "vkr_percent"), self._number(where, row, "vk_percent")
        for column, expected in (("vk0_percent", total), ("vkr0_percent", resistance)):
            if not math.isclose(self._number(where, row, column, expected), expected, rel_tol=1e-3):
                reason = "differs from the positive sequence's"
                self._fault(f"{where} {column}", str(row[column]), reason, "give a delta-wye transformer one impedance")
        high, low = self._tapped_kv(where, row)
        parallel = self._parallel(where, row)
        rating_va = self._number(where, row, "sn_mva") * 1e6 * parallel
        idle_w = self._number(where, row, "pfe_kw") * 1000 * parallel
        idle_va = self._number(where, row, "i0_percent") / 100 * rating_va
        return Transformer(
            id=name,
            high_bus=self._bus(row, "hv_bus"),
            low_bus=self._bus(row, "lv_bus"),
            rating_va=rating_va,
            high_voltage_v=high * 1000,
            low_voltage_v=low * 1000,
            resistance_percent=resistance,
            reactance_percent=math.sqrt(max(total**2 - resistance**2, 0.0)),
            no_load_loss_w=idle_w,
            magnetising_var=math.sqrt(max(idle_va**2 - idle_w**2, 0.0)),
        )

    def _tapped_kv(self, where: str, row: dict[str, Any]) -> tuple[float, float]:
        kv = {"hv": self._number(where, row, "vn_hv_kv"), "lv": self._number(where, row, "vn_lv_kv")}
        steps = self._number(where, row, "tap_pos", 0.0) - self._number(where, row, "tap_neutral", 0.0)
        side = row.get("tap_side")
        if steps and side in kv:
            kv[str(side)] *= 1 + steps * self._number(where, row, "tap_step_percent", 0.0) / 100
        return kv["hv"], kv["lv"]

    def _line(self, index: int, row: dict[str, Any]) -> Line:
        name = _name(row, f"line {index}")
        where = f"line {shown(name)}"

        def ohm(suffix: str, default: float | None = None) -> complex:
            parts = [self._number(where, row, f"{part}{suffix}_ohm_per_km", default) for part in ("r", "x")]
            return complex(*parts)

        positive, zero, mutual, across = ohm(""), ohm("0"), ohm("_mutual", 0.0), ohm("_phase_neutral", 0.0)
        if zero.real * (1 - _LEAST_NEUTRAL) < positive.real or zero.imag < positive.imag:
            # These figures leave no neutral worth the name: give it a little, and let the phases share the rest.
            mutual, across = (zero * (1 - _LEAST_NEUTRAL) - positive) / 3, 0j
        own = positive + mutual
        neutral = (zero - own - 2 * mutual + 6 * across) / 3
        parallel = self._parallel(where, row)
        limit_a = self._number(where, row, "max_i_ka", _UNLIMITED_A / 1000) * 1000
        neutral_limit_a = self._number(where, row, "max_i_neutral_ka", limit_a / 1000) * 1000
        scale = self._number(where, row, "df", 1.0) * parallel
        kind = LineType(
            phase_ohm_per_km=own / parallel,
            mutual_ohm_per_km=mutual / parallel,
            phase_neutral_ohm_per_km=across / parallel,
            neutral_ohm_per_km=neutral / parallel,
            capacitance_nf_per_km=self._number(where, row, "c_nf_per_km", 0.0) * parallel,
            phase_limit_a=limit_a * scale,
            neutral_limit_a=neutral_limit_a * scale,
        )
        ends = (self._bus(row, "from_bus"), self._bus(row, "to_bus"))
        return Line(name, *ends, self._number(where, row, "length_km") * 1000, kind)

    def _check_switches(self) -> None:
        for index, row in self._rows("switch"):
            if row.get("et") == "b" and row.get("closed"):
                way_out = "join its buses with pandapower.fuse_buses"
                self._fault(f"switch {index}", "", "joins two buses without impedance", way_out)
            elif row.get("et") == "t" and not row.get("closed"):
                self._fault(f"switch {index}", "", "cuts the transformer off", "close it")

    def _open_lines(self) -> frozenset[int]:
        rows = (row for _, row in self._rows("switch"))
        return frozenset(int(row["element"]) for row in rows if row.get("et") == "l" and not row.get("closed"))

    def _single_phase_homes(self) -> Iterator[Home]:
        for index, row in self._rows("asymmetric_load"):
            name = _name(row, f"asymmetric_load {index}")
            where = f"home {shown(name)}"
            if row.get("type") == "delta":
                self._fault(f"{where} type", "'delta'", "is not wye", "connect homes to the neutral")
            given = row.get("phase")
            loaded = [
                phase
                for phase in PHASES
                if any(self._number(where, row, f"{part}_{phase}_{unit}", 0.0) for part, unit in _PQ)
            ]
            if not isinstance(given, str):
                given = "".join(loaded)
                if len(loaded) == 2:
                    reason = f"draws on the two phases {given}"
                    self._fault(where, "", reason, "make it a home for each phase, or give the column phase")
                    continue
            yield Home(name, self._bus(row, "bus"), given)

    def _three_phase_homes(self) -> Iterator[Home]:
        for index, row in self._rows("load"):
            yield Home(_name(row, f"load {index}"), self._bus(row, "bus"), THREE_PHASE)


_PQ = (("p", "mw"), ("q", "mvar"))


def _name(row: dict[str, Any], otherwise: str) -> str:
    name = row.get("name")
    return str(name) if isinstance(name, str | int) and str(name) else otherwise
