"""What a malformed file gets: all its faults at once, each with line, field, value and way out."""

from __future__ import annotations

import pytest

from tests.scenario.runs import problems_in

BLOCK = "accounts: {anna: household, ben: household}\nblocks:\n  - at: slot 1\n    transactions:\n      - %s\n"


@pytest.mark.parametrize(
    ("transaction", "field", "way_out"),
    [
        ("{from: ana, burn: {amount_neur: 1}}", "from", "did you mean anna?"),
        ("{burn: {amount_neur: 1}}", "from", "no such name"),
        ("{from: anna}", "transactions[0]", "give exactly one of"),
        ("{from: anna, burn: {amount_neur: 1}, mint: {}}", "transactions[0]", "give exactly one of"),
        ("{from: anna, brn: {amount_neur: 1}}", "brn", "did you mean burn?"),
        ("{from: anna, burn: {amount: 1}}", "burn.amount", "give one of amount_neur"),
        ("{from: anna, burn: {amount_neur: -1}}", "burn.amount_neur", "(nEUR) from 0"),
        ("{from: anna, burn: {amount_neur: many}}", "burn.amount_neur", "give a whole number"),
        ("{from: anna, burn: {amount_neur: true}}", "burn.amount_neur", "give a whole number"),
        ("{from: anna, burn: 5}", "burn", "give the fields of Burn"),
        ("{from: anna, transfer: {to: otto}}", "transfer.to", "give an account's name or 40 hexadecimal digits"),
        ("{from: anna, transfer: {to: 12}}", "transfer.to", "in quotes"),
        ("{from: anna, admit_account: {public_key: zz}}", "admit_account.public_key", "64 hexadecimal digits"),
        ("{from: anna, admit_account: {roles: household}}", "admit_account.roles", "give a list"),
        ("{from: anna, admit_account: {roles: [boss]}}", "admit_account.roles[0]", "give one of household"),
        ("{from: anna, admit_account: {label: 3}}", "admit_account.label", "give a text"),
        ("{from: anna, set_frozen: {frozen: maybe}}", "set_frozen.frozen", "give true or false"),
        ("{from: anna, place_order: {side: buy}}", "place_order.side", "give one of bid, ask"),
        ("{from: anna, create_grid: {grid: {vdgs: x}}}", "create_grid.grid.vdgs", "did you mean vdg?"),
        ("{from: anna, rotate_key: {proof: xy}}", "rotate_key.proof", "two a byte"),
        ("{from: anna, flow_proofs: {flows: {anna: 1}}}", "flow_proofs.slot", "is missing"),
        ("{from: anna, flow_proofs: {slot: 1, flows: {otto: 1}}}", "flow_proofs.flows.otto", "no such account"),
        ("{from: anna, flow_proofs: {slot: 1, flows: {ben: 1}, signed_by: x}}", "signed_by", "no such name"),
        ("{from: anna, new_key: x}", "new_key", "no such name"),
        ("{from: anna, raw: xyz}", "raw", "two a byte"),
        ("{from: anna, burn: {amount_neur: 1}, mutate: melt}", "mutate", "wrong_signature"),
        ("{from: anna, burn: {amount_neur: 1}, mutate: replay}", "burn", "leave it out"),
        ("{from: anna, burn: {amount_neur: 1}, nonce: -1}", "nonce", "from 0 to"),
        ("{from: anna, burn: {amount_neur: 1}, expires: soon}", "expires", "`+ 600 s`"),
        ("{from: anna, burn: {amount_neur: 1}, sign_with: x}", "sign_with", "no such name"),
        ("{from: anna, burn: {amount_neur: 1}, expect: FINE}", "expect", "give one of OK"),
        ("{from: anna, burn: {amount_neur: 1}, expect: {cod: OK}}", "expect.cod", "did you mean code?"),
        ("{from: anna, burn: {amount_neur: 1}, expect: {events: [moved, mved]}}", "events[1]", "did you mean moved?"),
        ("anna", "transactions[0]", "as a mapping"),
    ],
)
def test_a_faulty_transaction_is_answered_with_field_and_way_out(transaction: str, field: str, way_out: str) -> None:
    (problem,) = problems_in(BLOCK % transaction)
    assert problem.line == 5
    assert problem.field.endswith(field)
    assert way_out in problem.way_out


@pytest.mark.parametrize(
    ("text", "line", "field", "way_out"),
    [
        ("", 1, "file", "it is empty"),
        ("blocks: [\n", 2, "YAML", "mend the syntax"),
        ("a: \x01", 1, "YAML", "special characters are not allowed"),
        ("5", 1, "file", "give a mapping"),
        ("blocks: []", 1, "blocks", "at least one block"),
        ("title: x\ntitle: y\nblocks: [{}]", 2, "title", "twice"),
        ("? [a]\n: b\nblocks: [{}]", 1, "", "a key is no text"),
        ("title: !!python/name:os.system x\nblocks: [{}]", 1, "title", "leave it out"),
        ("about: &a [*a]\nblocks: [{}]", 1, "about[0][0][0]", "simpler"),
        ("title: x\n" + "[" * 3_000, 2, "YAML", "mend the syntax"),
        ("title: x\nabout: " + "[" * 3_000, 2, "YAML", "nested deeper than 32: make the file simpler"),
        ("a: " * 20 + "{a: " * 3_000, 1, "YAML", "mend the syntax"),
        ("{a: " * 3_000 + "1" + "}" * 3_000, 1, "YAML", "nested deeper than 32: make the file simpler"),
        ("blocks: [{at: slot}]", 1, "blocks[0].at", "slot 144"),
        ("blocks: [{at: slot 1 of tulpen}]", 1, "blocks[0].at", "no VDG tulpen"),
        ("blocks:\n  - at: slot 3\n  - at: slot 1", 3, "blocks[1].at", "time does not go back"),
        ("blocks: [{at: -1}]", 1, "blocks[0].at", "Unix seconds"),
        ("blocks: [{queries: [{get_bok: {}}]}]", 1, "blocks[0].queries[0]", "did you mean get_book?"),
        ("blocks: [{queries: [5]}]", 1, "blocks[0].queries[0]", "one query"),
        ("blocks: [{expect: {balances: {otto: 1}}}]", 1, "blocks[0].expect.balances.otto", "an account's name"),
        ("blocks: [{expect: {balances: {dso: x}}}]", 1, "blocks[0].expect.balances.dso", "fields of Balance"),
        ("keys: [dso]\nblocks: [{}]", 1, "keys[0]", "an account's name"),
        ("accounts:\n  Anna: household\nblocks: [{}]", 2, "accounts.Anna", "start with a letter or digit"),
        ("accounts:\n  anna: {rols: []}\nblocks: [{}]", 2, "accounts.anna.rols", "did you mean roles?"),
        ("genesis: {quota: []}\nblocks: [{}]", 1, "genesis.quota", "did you mean quotas?"),
        ("genesis: {max_expiry_s: 0}\nblocks: [{}]", 1, "genesis.max_expiry_s", "greater than or equal to 1"),
        (
            "genesis:\n  ledger:\n    balances:\n      - {account: dso, amount_neur: 1}\n      - {amount_neur: 1}\n"
            "blocks: [{}]",
            5,
            "genesis.ledger.balances[1]",
            "name either account or reward_pool",
        ),
    ],
)
def test_a_faulty_file_is_answered_with_line_field_and_way_out(text: str, line: int, field: str, way_out: str) -> None:
    (problem,) = problems_in(text)
    assert (problem.line, problem.field) == (line, field)
    assert way_out in problem.way_out


def test_all_faults_of_a_file_are_found_at_once_in_order_of_line() -> None:
    found = problems_in("""
        titel: x
        accounts:
          anna: houshold
          ben: {roles: [household], money_neur: -3}
        genesis:
          grid:
            grids: [{slot_seconds: 0}]
        blocks:
          - at: slot 1
            colour: red
            transactions:
              - {from: otto, burn: {amount_neur: 1}}
            queries:
              - {get_balance: {holder: nobody}}
            expect: {evnts: []}
          - 7
        """)
    assert [(problem.line, problem.field) for problem in found] == [
        (2, "titel"),
        (4, "accounts.anna.roles[0]"),
        (5, "accounts.ben.money_neur"),
        (8, "genesis.grid.grids[0].slot_seconds"),
        (11, "blocks[0].colour"),
        (13, "blocks[0].transactions[0].from"),
        (15, "blocks[0].queries[0].get_balance.holder"),
        (16, "blocks[0].expect.evnts"),
        (17, "blocks[1]"),
    ]


def test_values_reach_the_terminal_without_control_characters_and_short() -> None:
    (problem,) = problems_in('blocks: [{at: "\\e[31m%s"}]' % ("x" * 100))
    assert "\x1b" not in problem.value
    assert len(problem.value) < 70
