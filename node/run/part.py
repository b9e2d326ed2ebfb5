"""What every part of the report is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of the report; nothing in it changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
