"""What a run reports: the fields of report.json. docs/report.schema.json is made from these classes."""

from __future__ import annotations

from pydantic import Field

from node.grid_report.report import GridReport
from node.run.control_day import ControlReport
from node.run.failures import DueFailedReport, EquivocationReport
from node.run.kept import BatteryReport, CommitmentReport, DeviceReport
from node.run.part import Part
from node.run.stages import StageReport

CENT_PER_KWH = 10_000  # nEUR per Wh


class HomeReport(Part):
    """A home's day. Bills are what it paid less what it received; negative when it earned."""

    id: str
    kind: str = Field(description="plain, battery, pv, or pv_battery")
    account: str = Field(description="the address, 40 hexadecimal digits")
    bill_neur: int = Field(description="contracts, deviations, rebates and rewards of all settled slots")
    bill_without_market_neur: int = Field(description="the same day with self-consumption and the supplier alone")
    bill_plain_neur: int | None = Field(
        default=None, description="the same slots by the plain rule, from the run that --beside names; null without"
    )
    bought_wh: int = Field(description="bought under settled contracts")
    sold_wh: int = Field(description="sold under settled contracts")
    import_wh: int = Field(description="taken from the grid, as proved")
    export_wh: int = Field(description="fed into the grid, as proved")
    rebate_neur: int
    reward_neur: int
    debt_neur: int = Field(description="what it could not pay")
    battery_end_wh: int = Field(description="in the battery at the end of the day")
    battery_end_without_market_wh: int = Field(description="the same without the market")
    battery_end_plain_wh: int | None = Field(default=None, description="the same by the plain rule")
    commitments: CommitmentReport = Field(description="what it was committed to, beside its meter")
    battery: BatteryReport | None = Field(default=None, description="null without one, or where nobody told of it")
    devices: list[str] = Field(default=[], description="flexible devices: car, heat, water, washer")
    devices_end_wh: int = Field(default=0, description="in car and heat store at the end of the day, as electricity")
    devices_end_without_market_wh: int = Field(default=0, description="the same without the market")
    devices_kept: list[DeviceReport] = Field(default=[], description="cars ready, comfort bands kept")
    why_higher: str = Field(default="", description="why the bill with the market is higher, where it is")


class ContractsReport(Part):
    """What became of contracts; made = settled + unwound when every slot is settled."""

    made: int
    settled: int
    unwound: int


class BooksReport(Part):
    """Cleared books, and by how many blocks the latest was cleared after the first block at or after its gate."""

    cleared: int
    late_blocks_max: int
    traded: int = Field(description="books in which something was traded")


class ProductReport(Part):
    """What was contracted in a product's books, and what became of it."""

    product: str
    contracts_made: int
    contracts_settled: int
    traded_wh: int
    verified_wh: int = Field(description="of settled contracts, what flowed as proved")


class AppHashReport(Part):
    """For how many heights every validator's own app hash was compared, and for how many they differed."""

    heights: int = Field(description="fewer than blocks where a validator didn't answer, or has pruned: a problem")
    disagreements: int


class TransactionsReport(Part):
    """Transactions in blocks, by what became of them; refused ones by the name of their result code.

    What nodes refuse when they check it first is in no block, and neither submitted, accepted nor refused here.
    """

    submitted: int = Field(description="all in blocks: whoever sent them")
    accepted: int = Field(description="those that had their effect")
    refused: dict[str, int] = Field(description="those that had none, by code")
    refused_at_door: dict[str, int] | None = Field(
        default=None,
        description="by code, what agents, the DSO and the switches' controller sent that is in no block, as nodes "
        "refused it for good or it expired before; null where their files are elsewhere",
    )


class Quantiles(Part):
    """The median and the 95th percentile (seconds), over how many."""

    p50: float
    p95: float
    count: int


class SlotReport(Part):
    """One slot of the day."""

    slot: int = Field(description="the slot of the day, 0 to 143")
    load_wh: int
    pv_wh: int
    import_wh: int
    export_wh: int
    traded_wh: int
    verified_wh: int
    buy_price_neur_per_wh: int | None = Field(description="volume-weighted over the slot's books")
    sell_price_neur_per_wh: int | None
    supplier_price_neur_per_wh: int
    feed_in_price_neur_per_wh: int
    settled_after_s: float | None = Field(description="from the slot's end to the block that settled it")


class Report(Part):
    """A run of the main job."""

    version: int = 2
    chain_id: str
    day: str
    strategy: str = Field(description="how homes with batteries planned: planned or plain")
    from_slot: int = Field(description="the first slot of the day, 0 to 143")
    chain_from_slot: int = Field(description="the chain's number of that slot, which queries and receipts ask for")
    slots: int
    slot_seconds: int
    validators: int
    finished: bool = Field(description="false when the run was interrupted, or could not go on")
    failure: str = Field(default="", description="why it could not go on; empty when it was not so")
    duration_s: float
    homes: list[HomeReport]
    energy_traded_wh: int
    energy_verified_wh: int
    contracts: ContractsReport
    books: BooksReport
    products: list[ProductReport] = Field(description="products in which something was traded, by name")
    stages: list[StageReport] = Field(
        description="each product's orders beside the difference to what was contracted before, by name; empty where "
        "the homes' own records are elsewhere"
    )
    proofs: int
    slots_settled: int
    slots_settled_at_deadline: int
    certificates_wh: int
    eur_minted_neur: int | None = Field(description="null where the chain did not say so any more")
    eur_held_neur: int | None = Field(description="the same")
    app_hash_agreed: AppHashReport
    transactions: TransactionsReport
    application_memory_mib: dict[str, float] = Field(
        default={},
        description="resident memory of each validator's application when the last slot was settled, by validator; "
        "without those whose processes are elsewhere, or had ended",
    )
    blocks: int
    block_interval_s: Quantiles
    submit_to_result_s: Quantiles = Field(
        description="of a payment that the run itself makes once a second, from submission to the result in a block; "
        "agents' orders are not among them"
    )
    per_slot: list[SlotReport]
    grid: GridReport | None = Field(
        default=None, description="the settled slots on the homes' network; null where they stand on none that is known"
    )
    control: ControlReport | None = Field(
        default=None, description="sessions of real-time control and phase orders; null where there were none"
    )
    due_failed: list[DueFailedReport] = Field(
        default=[], description="due work of the chain that was refused, such as a book's clearing: each is a problem"
    )
    equivocations: list[EquivocationReport] = Field(
        default=[], description="two values signed for one slot and account: each is a problem"
    )
    problems: list[str] = Field(description="what went wrong, in words; empty when all is well")


def quantiles(values: list[float]) -> Quantiles:
    """Median and 95th percentile by nearest rank; zeros for no values."""
    if not values:
        return Quantiles(p50=0.0, p95=0.0, count=0)
    ordered = sorted(values)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 4)

    return Quantiles(p50=at(0.5), p95=at(0.95), count=len(ordered))
