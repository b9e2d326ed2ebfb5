"""The report says what was observed, by a documented schema, in a page that needs nothing from outside."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from node.run.assembly import Observed, assemble, block_intervals_s, settled_after_s
from node.run.comparison import without_market
from node.run.page import render
from node.run.report import Report, quantiles
from node.run.schema import schema_text
from tests.run.samples import EPOCH_S, SLOTS, observed
from wire.ledger import GetSupplyResponse

ROOT = Path(__file__).parents[2]


@pytest.fixture
def seen(tmp_path: Path) -> Observed:
    (tmp_path / "emulator.log").write_text("")
    return observed(tmp_path)


def test_the_schema_in_the_documentation_is_the_code_s() -> None:
    assert (ROOT / "docs" / "report.schema.json").read_text() == schema_text()


def test_a_report_is_valid_by_its_schema_and_says_what_was_observed(seen: Observed) -> None:
    report = assemble(seen)
    jsonschema.validate(json.loads(report.model_dump_json()), json.loads(schema_text()))
    assert report.energy_traded_wh == 100
    assert report.contracts.model_dump() == {"made": 1, "settled": 1, "unwound": 0}
    product = {"product": "intraday", "contracts_made": 1, "contracts_settled": 1}
    assert [each.model_dump() for each in report.products] == [product | {"traded_wh": 100, "verified_wh": 100}]
    in_blocks = {"submitted": 4, "accepted": 3, "refused": {"GATE_CLOSED": 1}}
    assert report.transactions.model_dump() == in_blocks | {"refused_at_door": None}
    assert report.slots_settled == SLOTS
    assert report.proofs == 2 * SLOTS
    assert report.block_interval_s.p50 == 0.5
    assert report.submit_to_result_s.p95 == 0.5
    assert [slot.settled_after_s for slot in report.per_slot] == [0.5] * SLOTS
    assert report.per_slot[0].slot == 72
    assert report.per_slot[0].buy_price_neur_per_wh == 160_000
    assert report.per_slot[1].sell_price_neur_per_wh is None
    assert report.problems == []


def test_a_bill_is_what_was_paid_less_what_was_received(seen: Observed) -> None:
    seller, buyer, _ = assemble(seen).homes
    assert seller.bill_neur == -(100 * 120_000 + (200 + 300 + 300) * 100_000)
    assert buyer.bill_neur == 100 * 160_000 + (100 + 200 + 200) * 100_000
    assert (seller.sold_wh, buyer.bought_wh) == (100, 100)
    assert (seller.export_wh, buyer.import_wh) == (900, 600)


def test_a_bill_that_is_higher_with_the_market_has_its_reason_in_words(seen: Observed) -> None:
    for home in assemble(seen).homes:
        assert bool(home.why_higher) == (home.bill_neur > home.bill_without_market_neur)


def test_what_a_run_should_not_show_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "emulator.log").write_text("")
    seen = observed(tmp_path, settled_slots=1)
    wrong = seen._replace(supply=GetSupplyResponse(10**9, 1), app_hashes=(10, 2))
    found = "\n".join(assemble(wrong).problems)
    assert "2 slots of the day are not settled" in found
    assert "1000000000 nEUR were minted, but 1 are held" in found
    assert "disagree on the app hash at 2 heights" in found


def test_the_page_is_one_file_with_plots_and_nothing_from_outside(seen: Observed) -> None:
    report = assemble(seen)
    page = render(report, block_intervals_s(seen.log), seen.latencies_s, settled_after_s(report))
    assert page.count("<svg") == 5
    outside = re.findall(r"""(?:src|href)\s*=\s*["'](?!#)[^"']*""", page)
    assert outside == []
    for home in report.homes:
        assert home.id in page


def test_the_applications_memory_is_reported_and_shown(seen: Observed) -> None:
    report = assemble(seen._replace(application_memory_mib={"validator0": 76.5, "validator1": 80.0}))
    jsonschema.validate(json.loads(report.model_dump_json()), json.loads(schema_text()))
    assert report.application_memory_mib == {"validator0": 76.5, "validator1": 80.0}
    assert "<td>validator1<td>80.0" in render(report, [], [], [])
    assert "MiB" not in render(assemble(seen), [], [], [])


def test_an_interrupted_run_says_so(tmp_path: Path) -> None:
    (tmp_path / "emulator.log").write_text("")
    report = assemble(observed(tmp_path, settled_slots=1, finished=False))
    assert not report.finished
    assert report.problems == []
    assert "interrupted" in render(report, [], [], [])


def test_an_interrupted_run_is_compared_over_the_slots_that_it_settled(tmp_path: Path) -> None:
    (tmp_path / "emulator.log").write_text("")
    nothing = assemble(observed(tmp_path, settled_slots=0, finished=False))
    assert [home.bill_without_market_neur for home in nothing.homes] == [0, 0, 0]
    seen = observed(tmp_path, settled_slots=1, finished=False)
    home, _ = seen.homes[0]
    lived = without_market(home, seen.timing._replace(slots=1))
    assert assemble(seen).homes[0].bill_without_market_neur == lived.bill_neur != 0


def test_quantiles_are_of_the_values_given() -> None:
    assert quantiles([]).count == 0
    assert quantiles([float(value) for value in range(1, 101)]).p95 == 96.0
    assert quantiles([2.0]).p50 == 2.0


def test_the_report_s_time_is_the_header_s(seen: Observed) -> None:
    assert seen.log.block_times_s[0] == EPOCH_S + 0.5
    assert isinstance(assemble(seen), Report)
