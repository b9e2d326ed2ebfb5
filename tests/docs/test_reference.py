"""The reference pages are fresh, complete and true."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from abci_app.app import QUERY_OK, App
from abci_app.genesis import parse_genesis
from abci_app.state.store import MemoryStore
from node.messages.schema import EVENTS, QUERIES, TRANSACTIONS
from node.reference.codes import ENVELOPE, MEANINGS, actions, codes_of
from node.reference.genesis import models
from node.reference.genesis_example import VALIDATOR, example_json, example_names
from node.reference.genesis_meanings import MEANINGS as GENESIS_MEANINGS
from node.reference.pages import pages
from tests.scenario.runs import ROOT, SCENARIOS, run_file, run_text
from wire.codec import decode, encode
from wire.grid import GetGridRequest, GetGridResponse
from wire.results import Code

DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", list(pages()))
def test_a_made_page_is_what_the_code_says_now(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == pages()[name], "run `python -m node.reference`"


def test_the_check_finds_nothing_to_do() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "node.reference", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_message_query_event_and_code_has_its_place() -> None:
    made = pages()
    for page, names in (
        ("transactions.md", list(TRANSACTIONS)),
        ("queries.md", list(QUERIES)),
        ("events.md", list(EVENTS)),
    ):
        assert [name for name in names if f"\n### {name}\n" not in made[page]] == []
    assert set(MEANINGS) == set(Code)
    assert [code.name for code in Code if f"`{code.name}`" not in made["results.md"]] == []


def test_every_field_of_the_genesis_has_a_meaning_and_no_other_has() -> None:
    assert {model.__name__: set(model.model_fields) for model in models()} == {
        name: set(fields) for name, fields in GENESIS_MEANINGS.items()
    }


def test_the_scenarios_show_no_code_that_the_reference_does_not_tell_of() -> None:
    treated = actions()
    surprises: set[tuple[str, str]] = set()
    for path in SCENARIOS:
        for block in run_file(path).blocks:
            for tx in block.transactions:
                cls = TRANSACTIONS.get(tx.name)
                if cls is None:
                    continue
                told = {Code.OK, *ENVELOPE, *codes_of(treated[cls])}
                if Code(tx.code) not in told:
                    surprises.add((tx.name, tx.code_name))
    assert surprises == set()


def test_the_example_of_a_genesis_starts_a_chain() -> None:
    text = (DOCS / "genesis.example.json").read_bytes()
    assert parse_genesis(text).grid.grids[0].vdg == "lilas"
    app = App(MemoryStore())
    names = example_names()
    app.init_chain("example", 1_750_464_000, [(names.public_key(VALIDATOR) or b"", 10)], text)
    app.finalize_block(1, 1_750_464_001_000_000_000, [])
    app.commit()
    result = app.query("/grid/GetGrid", encode(GetGridRequest("lilas")))
    assert result.code == QUERY_OK
    grid = decode(GetGridResponse, result.value).grid
    assert grid is not None
    assert grid.members == 2


def test_the_example_of_a_genesis_leaves_nothing_out() -> None:
    document = json.loads(example_json())
    (grid,), products = document["grid"]["grids"], document["market"]["products"]
    assert set(document) == set(GENESIS_MEANINGS["Genesis"])
    assert set(grid) == set(GENESIS_MEANINGS["GenesisGrid"])
    assert set(products[0]) == set(GENESIS_MEANINGS["GenesisProduct"])
    assert set(document["asset"]["assets"][1]) == set(GENESIS_MEANINGS["GenesisAsset"])


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_the_tables_of_settlement_are_what_its_scenario_comes_to() -> None:
    text = (DOCS / "settlement.md").read_text(encoding="utf-8")
    record = run_file(DOCS / "scenarios" / "settlement.yaml")
    answers = {
        query.request["account"]: query.response["settlement"]
        for query in record.blocks[-1].queries
        if query.name == "get_household"
    }
    rows = re.findall(r"^\| (\w+) \| ([-\d,]+) \| ([-\d,]+) \| ([-\d,]+) \| ([-\d,]+) \| ([-\d,]+) \|$", text, re.M)
    told = {name: [number(value) for value in values] for name, *values in rows}
    parts = ("contracts_neur", "deviation_neur", "rebate_neur", "reward_neur")
    assert told == {
        name: [*(answer[part] for part in parts), sum(answer[part] for part in parts)]
        for name, answer in answers.items()
    }
    others = {name: number(value) for name, value in re.findall(r"^\| ([\w:]+) \| ([-\d,]+) \|$", text, re.M)}
    assert sum(others.values()) == -sum(values[-1] for values in told.values())
    assert f"total of −{sum(others.values()):,} nEUR" in text


def test_the_example_in_the_guide_to_scenarios_holds() -> None:
    text = (DOCS / "scenarios.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.S)
    record = run_text(example)
    assert [failure.as_text("scenarios.md") for failure in record.failures] == []


@pytest.mark.parametrize("page", ["settlement.md", "scenarios.md", *[n for n in pages() if n.endswith(".md")]])
def test_links_of_a_page_lead_somewhere(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w-]", "", line.lstrip("# ").lower().replace(" ", "-"))
        for line in text.splitlines()
        if line.startswith("#")
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        if path:
            assert (DOCS / path).exists(), target
        elif anchor:
            assert anchor in headings, target


def test_the_guide_lists_every_scenario() -> None:
    text = (DOCS / "scenarios.md").read_text(encoding="utf-8")
    assert [path.name for path in SCENARIOS if f"(scenarios/{path.name})" not in text] == []
