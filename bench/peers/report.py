"""The rows of a run: for each figure Leat beside each peer."""

import statistics

from measures import MORE_IS_BETTER

SCALES = {
    "bytes/s": [(1e3, "kB/s"), (1e6, "MB/s"), (1e9, "GB/s")],
    "records/s": [(1, "/s"), (1e3, "k/s"), (1e6, "M/s")],
}


def rows_of(measure, leats, peers):
    """Every way to run Leat against every peer. `leats` and `peers` are pairs of an entry and the figures of its turns."""
    rows = []
    for figure in measure.figures:
        for leat, leat_turns in leats:
            rows += [row(measure, figure, leat, leat_turns, peer, peer_turns) for peer, peer_turns in peers]
    return rows


def row(measure, figure, leat, leat_turns, peer, peer_turns):
    values = [turn[figure] for turn in leat_turns]
    others = [turn[figure] for turn in peer_turns]
    # Round by round: what weighs on a machine for seconds weighs on both.
    ratios = [ours / theirs if MORE_IS_BETTER[figure] else theirs / ours for ours, theirs in zip(values, others)]
    return {
        "measure": f"{measure.name}/{figure}",
        "title": measure.title,
        "system": leat.name,
        "value": statistics.median(values),
        "values": values,
        "unit": figure if MORE_IS_BETTER[figure] else "s",
        "durability": leat.durability,
        # Floors are the business of `leat bench suite`.
        "floor": None,
        "floor_value": None,
        "ratio_to_floor": None,
        "beyond_floor": False,
        "aim": None,
        "peer": peer.name,
        "peer_durability": peer.durability,
        "peer_value": statistics.median(others),
        "peer_values": others,
        "ratio_to_peer": statistics.median(ratios),
    }


def text_of(figure, value):
    """`value` in three digits with its unit."""
    scales = SCALES.get(figure, [(1e-6, "us"), (1e-3, "ms"), (1, "s")])
    size, unit = next((scale for scale in reversed(scales) if value >= scale[0]), scales[0])
    return f"{float(f'{value / size:.3g}'):g} {unit}"


def markdown(rows):
    """The table of docs/performance.md: who reached what, and by how much the first way to run Leat is ahead of each peer."""
    lines = ["| measure | who | durability | figure | Leat ahead by |", "|---|---|---|---|---|"]
    for measure in dict.fromkeys(row["measure"] for row in rows):
        lines += lines_of([row for row in rows if row["measure"] == measure])
    return "\n".join(lines)


def lines_of(rows):
    figure = rows[0]["measure"].partition("/")[2]
    title = rows[0]["title"] + ("" if MORE_IS_BETTER[figure] else f": {figure}")
    who = {row["system"]: (row["durability"], row["value"], None) for row in rows}
    for row in rows:
        if row["system"] == rows[0]["system"]:
            who[row["peer"]] = (row["peer_durability"], row["peer_value"], row["ratio_to_peer"])
    lines = []
    for name, (durability, value, ratio) in who.items():
        ahead = "" if ratio is None else f"**{ratio:.2g}**"
        lines.append(f"| {'' if lines else title} | {name} | {durability} | {text_of(figure, value)} | {ahead} |")
    return lines
