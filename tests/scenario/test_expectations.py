"""What fails, and how it is said."""

from __future__ import annotations

from tests.scenario.runs import run_text

TRADE = """
    accounts: {anna: household, ben: household}
    blocks:
      - at: slot 1
        transactions:
          - {from: anna, transfer: {to: ben, amount_neur: 5}, expect: %s}
        queries:
          - {get_balance: {holder: ben}, expect: {balance: {free_neur: %s}}}
        expect: {%s}
"""


def failures_of(code: str = "OK", free_neur: int = 100_000_000_005, block: str = "") -> list[str]:
    record = run_text(TRADE % (code, free_neur, block))
    return [failure.as_text("x.yaml") for failure in record.failures]


def test_a_scenario_that_comes_out_as_expected_has_no_failures() -> None:
    assert failures_of() == []


def test_a_wrong_code_is_shown_with_the_code_that_came_and_its_line() -> None:
    assert failures_of("WRONG_ROLE") == [
        "x.yaml:6: transfer from anna\n    code\n      expected WRONG_ROLE\n      got      OK"
    ]


def test_a_wrong_field_of_a_response_is_shown_by_its_path() -> None:
    assert failures_of(free_neur=7) == [
        "x.yaml:8: query get_balance holder=ben\n    balance.free_neur\n      expected 7\n      got      100000000005"
    ]


def test_an_event_that_did_not_come_is_compared_with_the_most_similar_one() -> None:
    (failure,) = failures_of(block="events: [{moved: {source: anna, amount_neur: 6}}]")
    assert "event moved did not come" in failure
    assert "amount_neur\n      expected 6\n      got      5" in failure


def test_an_event_that_never_comes_is_answered_with_those_that_did() -> None:
    (failure,) = failures_of(block="events: [book_cleared]")
    assert "got      moved" in failure


def test_events_are_expected_in_their_order() -> None:
    expected = "events: [{moved: {source: anna}}, {moved: {source: anna}}]"
    (failure,) = failures_of(block=expected)
    assert "expected later" in failure


def test_an_event_that_should_not_come_fails() -> None:
    (failure,) = failures_of(block="no_events: [moved]")
    assert "event moved came and should not" in failure


def test_a_balance_given_as_a_number_means_that_nothing_is_set_aside() -> None:
    assert failures_of(block="balances: {ben: 100000000005}") == []
    (failure,) = failures_of(block="balances: {ben: 5}")
    assert "balance.free_neur" in failure


def test_addresses_and_names_may_stand_for_each_other_in_expectations() -> None:
    record = run_text(TRADE % ("OK", 100_000_000_005, ""))
    address = record.blocks[0].transactions[0].fields
    assert address == {"to": "ben", "amount_neur": 5}
    from node.scenario.keyring import Keyring

    digits = (Keyring(["ben"], []).address("ben") or b"").hex()
    assert failures_of(block=f'events: [{{moved: {{target: "{digits}"}}}}]') == []


def test_the_app_hash_can_be_expected() -> None:
    (failure,) = failures_of(block='app_hash: "00"')
    assert "app hash" in failure
    record = run_text(TRADE % ("OK", 100_000_000_005, ""))
    assert failures_of(block=f'app_hash: "{record.app_hash}"') == []


def test_lists_are_compared_whole() -> None:
    record = run_text("""
        accounts: {anna: household}
        blocks:
          - at: slot 0
            queries: [{list_grids: {}, expect: {grids: []}}]
        """)
    (failure,) = record.failures
    assert failure.differences[0].field == "grids (entries)"


def test_a_query_of_a_module_that_is_off_fails_with_the_reason() -> None:
    record = run_text("""
        genesis: {modules: [accounts]}
        blocks:
          - at: slot 0
            queries: [{list_products: {}}]
        """)
    (failure,) = record.failures
    assert "/market/ListProducts" in failure.differences[0].actual
    assert record.blocks[0].minted_neur is None
