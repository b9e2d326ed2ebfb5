"""`vdg tx` and `vdg query` against a real chain."""

from __future__ import annotations

import pytest

from tests.commands.conftest import KDF, PASSPHRASE, Commands
from tests.gateway.chain_host import BALANCE_NEUR
from wire.keystore import create

pytestmark = pytest.mark.network


def balance_of(commands: Commands, holder: str) -> int:
    free_neur: int = commands.json("query", "ledger", "balance", "--holder", holder)["balance"]["free_neur"]
    return free_neur


def test_a_transfer_is_executed_and_seen_by_queries(commands: Commands) -> None:
    commands.account("payer"), commands.account("payee")
    done = commands.run("tx", "ledger", "transfer", "--to", "payee", "--amount-neur", "7", "--key", "payer")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("OK in block ")
    assert "* moved " in done.stdout
    assert balance_of(commands, "payee") == BALANCE_NEUR + 7
    assert balance_of(commands, "payer") == BALANCE_NEUR - 7


def test_json_tells_block_code_and_events(commands: Commands) -> None:
    sender, taker = commands.account("sender"), commands.account("taker")
    outcome = commands.json(
        *("tx", "ledger", "transfer", "--to", taker.address.hex(), "--amount-neur", "1", "--key", "sender")
    )
    assert (outcome["state"], outcome["code"], outcome["code_name"]) == ("in_block", 0, "OK")
    assert outcome["height"] > 0
    assert outcome["events"] == [
        {
            "name": "moved",
            "fields": {
                "source": sender.address.hex(),
                "target": taker.address.hex(),
                "amount_neur": 1,
                "reason": "transfer",
            },
        }
    ]


def test_a_refusal_ends_with_4_and_the_code_by_name(commands: Commands) -> None:
    commands.account("poor"), commands.account("rich")
    arguments = ("tx", "ledger", "transfer", "--to", "rich", "--amount-neur", str(10 * BALANCE_NEUR), "--key", "poor")
    done = commands.run(*arguments)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("vdg: INSUFFICIENT_FUNDS: amount_neur = 10000000: only 1000000 are free")
    outcome = commands.json(*arguments, code=4)
    assert (outcome["state"], outcome["code"], outcome["code_name"]) == ("in_block", 76, "INSUFFICIENT_FUNDS")
    outcome = commands.json("tx", "ledger", "mint", "--to", "rich", "--amount-neur", "1", "--key", "poor", code=4)
    assert (outcome["state"], outcome["code_name"]) == ("refused", "WRONG_ROLE")


def test_without_waiting_several_can_follow_each_other(commands: Commands) -> None:
    commands.account("hasty"), commands.account("patient")
    arguments = ("tx", "ledger", "transfer", "--to", "patient", "--key", "hasty", "--amount-neur")
    hashes = {commands.json(*arguments, str(amount), "--no-wait")["hash"] for amount in (1, 2, 4)}
    assert len(hashes) == 3
    # This one waits, and comes after them.
    assert commands.json(*arguments, "8")["state"] == "in_block"
    assert balance_of(commands, "patient") == BALANCE_NEUR + 15


def test_a_key_is_replaced_and_the_new_one_signs_for_the_account(commands: Commands) -> None:
    old, friend = commands.account("old"), commands.account("friend")
    create(commands.keys / "new.json", PASSPHRASE, kdf=KDF)
    rotated = commands.json("tx", "accounts", "rotate-key", "--new-key", "new", "--key", "old")
    assert [event["name"] for event in rotated["events"]] == ["key_rotated"]
    transfer = ("tx", "ledger", "transfer", "--to", "friend", "--amount-neur", "1")
    assert commands.json(*transfer, "--key", "old", code=4)["code_name"] == "BAD_SIGNATURE"
    assert commands.json(*transfer, "--key", "new", "--sender", old.address.hex())["code_name"] == "OK"
    assert balance_of(commands, friend.address.hex()) == BALANCE_NEUR + 1


def test_tables_are_for_people(commands: Commands) -> None:
    seen = commands.account("seen")
    account = commands.run("query", "accounts", "account", "--address", "seen").stdout
    assert f"account.address     {seen.address.hex()}" in account
    assert "account.roles       household" in account
    accounts = commands.run("query", "accounts", "accounts", "--limit", "2").stdout
    assert "next_page_token" in accounts
    assert len([line for line in accounts.splitlines() if "household" in line]) == 2
    assert commands.run("query", "grid", "grids").stdout == "nothing\n"


def test_a_list_is_given_whole_unless_a_page_is_asked_for(commands: Commands) -> None:
    whole = commands.json("query", "accounts", "accounts")
    assert len(whole["accounts"]) == 120
    assert whole["next_page_token"] == ""
    page = commands.json("query", "accounts", "accounts", "--limit", "100")
    rest = commands.json("query", "accounts", "accounts", "--page-token", page["next_page_token"])
    assert page["accounts"] + rest["accounts"] == whole["accounts"]


def test_a_gateway_that_does_not_answer_ends_with_3(commands: Commands) -> None:
    done = commands.run("query", "ledger", "supply", "--timeout", "1", gateway="127.0.0.1:9")
    assert done.returncode == 3
    assert "did not answer within 1 s" in done.stderr
