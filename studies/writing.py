"""A report as Markdown, as one HTML page that needs nothing from outside, and as JSON; plots also by themselves."""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path

from studies.report import Report, Section, Table

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}
td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}
figure{margin:1rem 0}figcaption{color:#555}svg{max-width:100%;height:auto}
"""


def write(report: Report, folder: Path) -> list[Path]:
    """Write all files of a report into ``folder``, which is made if it isn't there; returns them, the page last.

    Raises: OSError if that can't be done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = {f"{report.name}.json": json_of(report), f"{report.name}.md": markdown_of(report)}
    written |= {
        f"{report.name}-{plot.name}.svg": plot.svg for section in report.all_sections() for plot in section.plots
    }
    written[f"{report.name}.html"] = html_of(report)
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in written]


def json_of(report: Report) -> str:
    """The results and the comparison, for programs."""
    record = {
        "study": report.name,
        "command": report.command,
        "settings": report.settings,
        "claims": [claim._asdict() for claim in report.claims],
        "figures": report.figures,
    }
    return json.dumps(record, indent=2) + "\n"


def markdown_of(report: Report) -> str:
    """The report with its plots as links to files."""
    parts = [f"# {report.title}\n\n`{report.command}`; {_settings(report)}.\n"]
    for section in report.all_sections():
        parts.append(f"## {section.heading}\n")
        if section.text:
            parts.append(f"{section.text}\n")
        if section.table:
            parts.append(_markdown_table(section.table))
        parts += [f"![{plot.caption}]({report.name}-{plot.name}.svg)\n" for plot in section.plots]
    return "\n".join(parts)


def html_of(report: Report) -> str:
    """The report in one file."""
    body = "".join(_html_section(section) for section in report.all_sections())
    head = f"<p><code>{escape(report.command)}</code>; {escape(_settings(report))}.</p>"
    title = escape(report.title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"</head><body><h1>{title}</h1>{head}{body}</body></html>\n"
    )


def _settings(report: Report) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in report.settings.items())


def _markdown_table(table: Table) -> str:
    lines = [table.columns, tuple("---" for _ in table.columns), *table.rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def _html_section(section: Section) -> str:
    parts = [f"<h2>{escape(section.heading)}</h2>"]
    if section.text:
        parts += [f"<p>{escape(text)}</p>" for text in section.text.split("\n\n")]
    if section.table:
        head = "".join(f"<th>{escape(name)}</th>" for name in section.table.columns)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in section.table.rows
        )
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
    parts += [
        f"<figure>{_inline(plot.svg)}<figcaption>{escape(plot.caption)}</figcaption></figure>" for plot in section.plots
    ]
    return "".join(parts)


def _inline(svg: str) -> str:
    """The drawing without what comes before it in a file of its own."""
    return re.sub(r"\A.*?(?=<svg)", "", svg, flags=re.DOTALL)
