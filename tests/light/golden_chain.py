"""The recorded chain (`python -m tests.light.record`)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from wire.light.block import LightBlock
from wire.light.json_form import genesis_anchor, light_block_from_json
from wire.light.verify import Anchor

GOLDEN = Path(__file__).parent / "golden" / "chain.json"


@cache
def golden() -> dict[str, Any]:
    return dict(json.loads(GOLDEN.read_text()))


def golden_blocks() -> dict[int, LightBlock]:
    return {block.height: block for block in map(light_block_from_json, golden()["blocks"])}


def golden_genesis() -> Anchor:
    return genesis_anchor(golden()["genesis"])
