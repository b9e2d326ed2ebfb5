"""What clients sent and no block has is counted from what they keep themselves."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import jsonschema

from clients.common.outbox import Entry, Outbox, refused_at_door
from clients.common.state_file import StateFile
from node.run.assembly import assemble
from node.run.page import render
from node.run.schema import schema_text
from tests.run.samples import observed
from wire.results import Code


async def test_refusals_without_a_block_are_counted_by_code_and_nothing_else_is(tmp_path: Path) -> None:
    file = tmp_path / "chain.db"
    assert refused_at_door(file) == Counter()
    file.touch()
    assert refused_at_door(file) == Counter()
    state = await StateFile.open(file, "c")
    outbox = Outbox(state)
    results = [
        (Code.OK, 7), (Code.GATE_CLOSED, 7), (Code.EXPIRED, 0), (Code.NONCE_USED, 0), (Code.EXPIRED, 0),
    ]  # fmt: skip
    for nonce, (code, height) in enumerate(results):
        entry = Entry(bytes([nonce]) * 32, b"a" * 20, nonce, f"key{nonce}", b"tx", 1_000)
        await outbox.add(entry)
        await outbox.resolve(entry, code=code, log="", height=height, place=0)
    await outbox.add(Entry(b"w" * 32, b"a" * 20, 9, "waits", b"tx", 1_000))
    await state.close()
    assert refused_at_door(file) == Counter({Code.EXPIRED: 2, Code.NONCE_USED: 1})


def test_the_report_tells_them_apart_from_those_in_blocks(tmp_path: Path) -> None:
    (tmp_path / "emulator.log").write_text("")
    seen = observed(tmp_path)
    report = assemble(seen._replace(refused_at_door=Counter({Code.EXPIRED: 2})))
    jsonschema.validate(json.loads(report.model_dump_json()), json.loads(schema_text()))
    assert report.transactions.refused_at_door == {"EXPIRED": 2}
    assert report.transactions.refused == {"GATE_CLOSED": 1}
    assert "Refused before, and in no block: 2 EXPIRED." in render(report, [], [], [])
    assert "in no block" not in render(assemble(seen), [], [], [])
