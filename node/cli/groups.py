"""Which commands there are, and where each lives. A module is imported only when its command is used."""

from __future__ import annotations

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """A command or group: `path` as typed after `vdg`, `target` as "module:attribute", `help` for the list.

    The attribute is a function, which becomes a command, or a `typer.Typer`, which becomes a group.
    """

    path: str
    target: str
    help: str


ENTRIES: Final = (
    Entry("run", "node.run.command:run_command", "Live a neighbourhood's day on real validators; write a report."),
    Entry("localnet", "node.cli.localnet:app", "Validators on this machine: up, down, status, logs, restart."),
    Entry("node join", "node.cli.node:join_command", "Make a node that joins a running chain by state sync."),
    Entry("node status", "node.cli.node:status_command", "Show what a node keeps, and how much of the disk it takes."),
    Entry("node backup", "node.cli.node:backup_command", "Write a running or stopped node's data to a file."),
    Entry("node restore", "node.cli.node:restore_command", "Put a backup into a stopped or a new node."),
    Entry("node rebuild", "node.rebuild.command:rebuild_command", "Set a damaged state aside, to be made anew."),
    Entry("gateway", "node.gateway.command:gateway_command", "Serve gRPC to clients, in front of CometBFT nodes."),
    Entry("dso", "clients.dso.command:app", "The DSO's services: signing, meters, proofs of flow, rebates."),
    Entry("household", "clients.household.command:household_command", "The agents of homes: trade, steer, settle."),
    Entry(
        "home plan", "clients.household.live_plan:plan_command", "Find a home's cheapest plan, or show running homes'."
    ),
    Entry(
        "home bill", "clients.household.bill:bill_command", "Show homes' bills of a month, with and without the market."
    ),
    Entry("home why", "clients.household.why.command:why_command", "Say why homes traded in a slot, or didn't."),
    Entry(
        "home profile", "clients.household.person.command:profile_command", "What a home's people want: init, show …"
    ),
    Entry("home override", "clients.household.person.command:override_app", "Let a home do something else at once."),
    Entry(
        "home resume", "clients.household.person.command:resume_command", "End a home's overrides before their time."
    ),
    Entry("home overrides", "clients.household.person.command:overrides_command", "Show a home's overrides so far."),
    Entry(
        "phases allocate",
        "clients.dso.phases.command:allocate_command",
        "Balance a slot's commitments over the phases.",
    ),
    Entry(
        "phases select",
        "clients.dso.phases.selection_command:select_command",
        "Select the homes that should get a phase switch.",
    ),
    Entry("keys", "node.cli.keys:app", "Encrypted key files: new, show, list, address."),
    Entry("tx", "node.cli.tx:app", "Send a transaction: one command a message."),
    Entry("query", "node.cli.query:app", "Ask the chain: one command a query."),
    Entry("proof check", "node.cli.proof:check_command", "Say what a proof or receipt in a file proves; asks nobody."),
    Entry("proof item", "node.cli.proof_item:item_command", "Write the proof of any item of the state to a file."),
    Entry("receipt", "node.cli.receipt:app", "Export a flow, clearing, certificate or settlement as one file."),
    Entry("replay", "node.replay.command:replay_command", "Execute a node's whole chain anew; compare every hash."),
    Entry(
        "audit", "node.audit.command:audit_command", "Compute the chain again from its transactions, by other rules."
    ),
    Entry("market clear", "node.market_clear.command:clear_command", "Clear a book of orders from a CSV file."),
    Entry("grid solve", "node.grid_solve.command:solve_command", "Voltages, currents and losses of one moment."),
    Entry("grid networks", "node.grid_solve.command:networks_command", "List networks, or one network's homes."),
    Entry("grid export", "node.grid_solve.command:export_command", "Write a network as a pandapower JSON file."),
    Entry("rtc solve", "node.control_session.command:solve_command", "Run one session of real-time control."),
    Entry("scenario run", "node.scenario.command:run_command", "Run a scenario file with the real application."),
)

# Groups that exist only as the first word of an entry's path.
GROUPS: Final = {
    "proof": "Proofs and receipts in files.",
    "home": "Homes: plans, bills, profiles and overrides.",
    "phases": "Phases of switched homes, without a chain.",
    "node": "One node of a chain: join, status, backup, restore, rebuild.",
    "market": "The market's rules, without a chain.",
    "grid": "The low-voltage grid, without a chain.",
    "rtc": "Real-time control, without a chain.",
    "scenario": "Scenario files: a whole chain in one process.",
}
