#!/usr/bin/python3
"""Puts the rows of a run of the suite into docs/performance.md, as a table between its two marks, and draws docs/performance.svg.

  bench/publish.py ROWS.json ["What the machine was, and what else it did"]

`./dev bench --journal --json ROWS.json` makes the rows.
"""

import json
import os
import pathlib
import re
import sys

from chart import draw

DOCS = pathlib.Path(__file__).parent.parent / "docs"
MARKED = re.compile(r"(<!-- suite: bench/publish.py writes this -->\n).*?(<!-- end of suite -->\n)", re.DOTALL)


def amount(value, unit):
    if unit == "s":
        return f"{value * 1e3:.3g} ms"
    if unit == "bytes":
        return f"{value / 1024:.3g} KiB"
    if unit == "bytes/s":
        return f"{value / 1e9:.2f} GB/s"
    return f"{value / 1e6:.2f} M/s" if value >= 1e6 else f"{value / 1e3:.1f} k/s"


def aim(row):
    if row["aim"] is None:
        return ""
    return f"{row['aim']:.2g}" if row["floor"] else amount(row["aim"], row["unit"])


def line(row):
    unit, floor = row["unit"], row["floor"]
    against = f"{floor}, {amount(row['floor_value'], unit)}" if floor else ""
    ratio = f"**{row['ratio_to_floor']:.2f}**" if floor else ""
    return f"| {row['title']} | {row['durability']} | {amount(row['value'], unit)} | {against} | {ratio} | {aim(row)} |"


def main():
    rows = [row for row in json.loads(pathlib.Path(sys.argv[1]).read_text()) if row["system"] == "leat"]
    machine = sys.argv[2] if len(sys.argv) > 2 else f"{os.cpu_count()} cores, kernel {os.uname().release}"
    rounds = max(len(row["values"]) for row in rows)
    table = [
        f"Medians of {rounds} round{'s' if rounds > 1 else ''} on {machine}.",
        "",
        "| measure | class | leat | against | ratio | aim |",
        "|---|---|---|---|---|---|",
        *map(line, rows),
        "",
        "![Leat beside its floors](performance.svg)",
        "",
    ]
    page = DOCS / "performance.md"
    page.write_text(MARKED.sub(lambda marks: marks[1] + "\n".join(table) + marks[2], page.read_text()))
    (DOCS / "performance.svg").write_text(draw(rows))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main()
