"""``python -m node.run.schema``: print the JSON Schema of report.json (docs/report.schema.json)."""

from __future__ import annotations

import json

from node.run.report import Report


def schema_text() -> str:
    """The schema, as it stands in docs/."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Report.model_json_schema()
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
