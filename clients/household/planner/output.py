"""A plan as plain data for programs, and as text for people."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clients.household.planner.plan import Plan
from clients.household.planner.problem import Problem

_NEUR_PER_EUR = 1e9
_MAX_ROWS = 50


def record_of(plan: Plan) -> dict[str, Any]:
    """The plan as JSON takes it; the fields of devices only if there are such devices."""
    record: dict[str, Any] = {
        "status": plan.status.value,
        "cost_neur": plan.cost_neur,
        "buy_wh": plan.buy_wh.tolist(),
        "sell_wh": plan.sell_wh.tolist(),
        "battery_wh": plan.battery_wh.tolist(),
        "energy_wh": plan.energy_wh.tolist(),
        "unused_pv_wh": plan.unused_pv_wh.tolist(),
        "wear_neur": plan.wear_neur,
        "conflict": [limit.field for limit in plan.conflict],
        "relaxations": [
            {
                "field": relaxation.limit.field,
                "owner": relaxation.owner,
                "amount": relaxation.amount,
                "slots": list(relaxation.slots),
                "text": relaxation.text,
            }
            for relaxation in plan.relaxations
        ],
    }
    if len(plan.batteries) > 1:
        record["batteries"] = [
            {"name": one.name, "battery_wh": one.battery_wh.tolist(), "energy_wh": one.energy_wh.tolist()}
            for one in plan.batteries
        ]
    if plan.cars:
        record["cars"] = [{"name": car.name, "charge_wh": car.charge_wh.tolist()} for car in plan.cars]
    if plan.heat_stores:
        record["heat_stores"] = [
            {"name": store.name, "heater_wh": store.heater_wh.tolist(), "temperature_c": store.temperature_c.tolist()}
            for store in plan.heat_stores
        ]
    if plan.appliances:
        record["appliances"] = [
            {"name": one.name, "start_slot": one.start_slot, "appliance_wh": one.appliance_wh.tolist()}
            for one in plan.appliances
        ]
    return record


def print_plan(plan: Plan, problem: Problem, console: Console) -> None:
    """Print the plan for people: what it costs, what gave, and a table of at most fifty rows."""
    console.print(_summary(plan))
    for relaxation in plan.relaxations:
        console.print(Text(f"relaxed {relaxation.limit.field}: {relaxation.text}"))
    if plan.binding:
        console.print(Text(plan.binding))
    console.print(_table(plan, problem))


def _summary(plan: Plan) -> Table:
    summary = Table.grid(padding=(0, 2))
    summary.add_row("status", plan.status.value)
    summary.add_row("cost", f"{plan.cost_neur / _NEUR_PER_EUR:.6f} EUR")
    if plan.wear_neur:
        summary.add_row("of it wear", f"{plan.wear_neur / _NEUR_PER_EUR:.6f} EUR")
    summary.add_row("bought", f"{plan.buy_wh.sum():.0f} Wh")
    summary.add_row("sold", f"{plan.sell_wh.sum():.0f} Wh")
    for appliance in plan.appliances:
        start = "is not run" if appliance.start_slot is None else f"starts in slot {appliance.start_slot}"
        summary.add_row(Text(appliance.name), start)
    return summary


def _table(plan: Plan, problem: Problem) -> Table:
    """Flows summed over the slots of a row, energy and temperatures after its last."""
    together = -(-problem.slots // _MAX_ROWS)
    flows = [("load Wh", problem.load_wh), ("PV Wh", problem.pv_wh), ("buy Wh", plan.buy_wh), ("sell Wh", plan.sell_wh)]
    levels = []
    if plan.batteries:
        flows.append(("battery Wh", plan.battery_wh))
        levels.append(("energy Wh", plan.energy_wh))
    flows += [(f"{car.name} Wh", car.charge_wh) for car in plan.cars]
    for store in plan.heat_stores:
        flows.append((f"{store.name} Wh", store.heater_wh))
        levels.append((f"{store.name} °C", store.temperature_c))
    table = Table("slots" if together > 1 else "slot", box=box.SIMPLE_HEAD)
    for heading, _ in flows + levels:
        table.add_column(Text(heading), justify="right")
    for first in range(0, problem.slots, together):
        last = min(first + together, problem.slots) - 1
        cells = [f"{values[first : last + 1].sum():.0f}" for _, values in flows]
        cells += [
            f"{values[last]:.1f}" if heading.endswith("°C") else f"{values[last]:.0f}" for heading, values in levels
        ]
        table.add_row(str(first) if first == last else f"{first}-{last}", *cells)
    return table
