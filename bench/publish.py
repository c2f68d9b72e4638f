#!/usr/bin/python3
"""Puts the rows of a run into docs/performance.md, as tables between their marks, and draws docs/performance.svg.

  bench/publish.py ROWS.json ["What the machine was, and what else it did"]

`./dev bench --journal --json ROWS.json` makes the rows of the suite, `./dev bench peers --json ROWS.json` those beside other systems,
`./dev bench --journal --peers --json ROWS.json` both. A table without rows stays as it is.
"""

import json
import os
import pathlib
import re
import sys

from chart import draw

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"
sys.path.append(str(HERE / "peers"))
from report import markdown  # noqa: E402


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


BEYOND = "\\* Better than the floor: both wait for the client there, or the machine was slower in the floor's turn."


def line(row):
    unit, floor = row["unit"], row["floor"]
    against = f"{floor}, {amount(row['floor_value'], unit)}" if floor else ""
    ratio = f"**{row['ratio_to_floor']:.2f}**" + ("\\*" if row["beyond_floor"] else "") if floor else ""
    return f"| {row['title']} | {row['durability']} | {amount(row['value'], unit)} | {against} | {ratio} | {aim(row)} |"


def replace(part, lines):
    """Puts the lines between the marks of a part of the page."""
    page = DOCS / "performance.md"
    marked = re.compile(rf"(<!-- {part}: bench/publish.py writes this -->\n).*?(<!-- end of {part} -->\n)", re.DOTALL)
    page.write_text(marked.sub(lambda marks: marks[1] + "\n".join([*lines, ""]) + marks[2], page.read_text()))


def heading(rows, machine):
    rounds = max(len(row["values"]) for row in rows)
    return [f"Medians of {rounds} round{'s' if rounds > 1 else ''} on {machine}.", ""]


def main():
    rows = json.loads(pathlib.Path(sys.argv[1]).read_text())
    machine = sys.argv[2] if len(sys.argv) > 2 else f"{os.cpu_count()} cores, kernel {os.uname().release}"
    suite = [row for row in rows if row["system"] == "leat"]
    peers = [row for row in rows if row["peer"] is not None]
    if suite:
        table = ["| measure | class | leat | against | ratio | aim |", "|---|---|---|---|---|---|", *map(line, suite)]
        beyond = ["", BEYOND] if any(row["beyond_floor"] for row in suite) else []
        replace("suite", [*heading(suite, machine), *table, *beyond, "", "![Leat beside its floors](performance.svg)"])
        (DOCS / "performance.svg").write_text(draw(suite))
    if peers:
        replace("peers", [*heading(peers, machine), markdown(peers)])


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main()
