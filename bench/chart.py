#!/usr/bin/python3
"""Draws the rows of `leat bench suite --json` as one SVG: each figure beside what it is held against, each pair on its own scale.

  bench/chart.py ROWS.json CHART.svg

Readable in light and in dark: ink and ground follow the reader's colour scheme. Standard library only.
"""

import html
import json
import pathlib
import sys

WIDTH, LABELS, FIGURES = 1020, 470, 150
BAR, GAP, HEAD = 11, 34, 40
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .small { font-size: 11px; fill: #57606a }
  .head { font-size: 15px; font-weight: 600 }
  .leat { fill: #0969da }
  .floor { fill: #8c959f }
  .ground { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .small { fill: #9198a1 }
    .leat { fill: #4493f8 }
    .floor { fill: #6e7681 }
    .ground { fill: #0d1117 }
  }"""

PARTS = {
    "bytes/s": ("Throughput", 1e9, "GB/s"),
    "records/s": ("Messages and records", 1e3, "k/s"),
    "s": ("Latency: less is better", 1e-3, "ms"),
}


def text(x, y, words, style=""):
    return f'<text x="{x}" y="{y}"{style and f" class={chr(34)}{style}{chr(34)}"}>{html.escape(words)}</text>'


def bar(y, share, style):
    width = max(1, share * (WIDTH - LABELS - FIGURES))
    return f'<rect x="{LABELS}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2" class="{style}"/>'


def part(rows, unit, top):
    """The lines of one unit, and where they end."""
    title, scale, name = PARTS[unit]
    rows = [row for row in rows if row["unit"] == unit and row.get("system") == "leat" and not row.get("peer")]
    if not rows:
        return [], top
    lines = [text(10, top + 22, title, "head")]
    y = top + HEAD
    for row in rows:
        # Rows of one unit differ by a hundred times: each pair has a scale of its own.
        most = max(row["value"], row["floor_value"] or 0)
        lines += [text(10, y + 11, row["title"]), bar(y, row["value"] / most, "leat")]
        said = f"{row['value'] / scale:.3g} {name}"
        if row["floor"]:
            lines += [text(10, y + 25, f"against: {row['floor']}", "small"), bar(y + BAR + 2, row["floor_value"] / most, "floor")]
            said += f", ratio {row['ratio_to_floor']:.2f}"
        lines.append(text(WIDTH - FIGURES + 8, y + 11, said, "small"))
        y += GAP
    return lines, y


def draw(rows):
    """The chart, as text."""
    lines, y = [], 0
    for unit in PARTS:
        more, y = part(rows, unit, y)
        lines += more
    body = "\n".join(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 10}" viewBox="0 0 {WIDTH} {y + 10}">\n'
        f"<title>Leat beside its floors</title>\n<style>{STYLE}\n</style>\n<rect class='ground' width='100%' height='100%' rx='6'/>\n{body}\n</svg>\n"
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    pathlib.Path(sys.argv[2]).write_text(draw(json.loads(pathlib.Path(sys.argv[1]).read_text())))
