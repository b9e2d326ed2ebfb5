"""What a file may leave out, and what it may say."""

from __future__ import annotations

import pytest

from node.scenario.problem import ScenarioError
from tests.scenario.runs import run_text


def test_a_file_of_one_line_is_a_chain_with_a_vdg_and_its_companies() -> None:
    record = run_text("blocks: [{queries: [{list_grids: {}}, {list_accounts: {}}]}]")
    grids, accounts = record.blocks[0].queries
    (grid,) = grids.response["grids"]
    assert (grid["vdg"], grid["dso"], grid["supplier"], grid["proof_key"]) == (
        "lilas",
        "dso",
        "supplier",
        "lilas-proof-key",
    )
    assert sorted(account["label"] for account in accounts.response["accounts"]) == [
        "dso",
        "issuer",
        "operator",
        "registrar",
        "supplier",
    ]


def test_accounts_bring_money_membership_and_devices() -> None:
    record = run_text("""
        accounts:
          anna: {roles: [household], money_neur: 7, pv_w: 3000, battery_w: 2400, battery_wh: 5000, meter: m-1}
        blocks:
          - queries:
              - {list_assets: {owner: anna}, expect: {assets: [
                  {asset_id: battery-anna, kind: battery, capacity_wh: 5000}, {asset_id: pv-anna, power_w: 3000}]}}
              - {list_members: {vdg: lilas}, expect: {members: [{account: anna, meter: m-1}]}}
              - {get_availability: {vdg: lilas, slot: 5, account: anna}, expect: {capacity_wh: 900}}
            expect: {balances: {anna: 7}}
        """)
    assert record.failures == []


def test_the_genesis_part_overrides_what_it_names_and_keeps_the_rest() -> None:
    record = run_text("""
        accounts: {anna: household, ben: {roles: [household], vdg: tulpen}, dso2: dso}
        genesis:
          max_expiry_s: 60
          ledger: {balances: [{reward_pool: lilas, amount_neur: 5}]}
          grid:
            grids:
              - {vdg: lilas, slot_seconds: 10}
              - {vdg: tulpen, dso: dso2, epoch_s: 1750464000, buy_price_neur_per_wh: [300_000]}
        blocks:
          - at: slot 2
            queries:
              - {get_grid: {vdg: lilas}, expect: {slot: 2, grid: {slot_seconds: 10, members: 1}}}
              - get_grid: {vdg: tulpen}
                expect: {slot: 0, grid: {dso: dso2, members: 1}, tariff: {buy_price_neur_per_wh: [300_000]}}
            expect: {balances: {"reward_pool:lilas": 5}}
          - at: slot 1 of tulpen + 3 s
            queries: [{get_grid: {vdg: tulpen}, expect: {slot: 1, time_s: 1750464603}}]
        """)
    assert record.failures == []


def test_block_times_count_from_the_block_before_or_in_slots() -> None:
    record = run_text("""
        start: slot 10
        blocks:
          - {}
          - {at: + 20 s}
          - {at: + 2 slots}
          - {at: 1750500000}
        """)
    start_s = 1_750_464_000 + 6000
    assert record.genesis_time_s == start_s
    assert [block.time_s - start_s for block in record.blocks] == [1, 21, 1221, 30000]
    assert record.blocks[1].time == "slot 10 + 21 s (2025-06-21 01:40:21 UTC)"


def test_a_genesis_that_contradicts_itself_is_a_fault_of_the_file() -> None:
    with pytest.raises(ScenarioError) as caught:
        run_text("""
            accounts: {anna: household, ben: {roles: [household], meter: meter-anna}}
            genesis: {max_expiry_s: 5}
            blocks: [{}]
            """)
    (problem,) = caught.value.problems
    assert "meter-anna" in problem.way_out
    assert problem.line == 3


def test_a_replay_needs_something_to_be_sent_again() -> None:
    with pytest.raises(ScenarioError) as caught:
        run_text("""
            accounts: {anna: household}
            blocks: [{transactions: [{from: anna, mutate: replay}]}]
            """)
    assert "has sent nothing yet" in caught.value.problems[0].way_out


def test_validators_share_the_surplus_when_they_are_paid() -> None:
    record = run_text("""
        accounts: {op2: operator}
        validators: {val-1: 30, val-2: 10}
        genesis:
          settlement: {payout_s: 100}
          validators:
            - {public_key: val-1, operator: operator}
            - {public_key: val-2, operator: op2}
        blocks:
          - at: + 100 s
            queries: [{get_parameters: {}, expect: {validators: [{operator: operator}, {operator: op2}]}}]
        """)
    shown = record.blocks[0].queries[0].response["validators"]
    assert {(one["public_key"], one["power"], one["operator"]) for one in shown} == {
        ("val-1", 30, "operator"),
        ("val-2", 10, "op2"),
    }


def test_a_transaction_can_be_given_in_raw_bytes() -> None:
    record = run_text("""
        blocks: [{transactions: [{raw: "00", expect: TX_MALFORMED}]}]
        """)
    assert record.failures == []
    assert record.blocks[0].transactions[0].fields is None
