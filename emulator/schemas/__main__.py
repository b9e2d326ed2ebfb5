"""Rewrites the schema files from the message classes: ``python -m emulator.schemas``."""

from __future__ import annotations

from pathlib import Path

from emulator.schemas import DEVICE_MESSAGES, MESSAGES, schema_text

for name in MESSAGES | DEVICE_MESSAGES:
    Path(__file__).with_name(f"{name}.json").write_text(schema_text(name), encoding="utf-8")
