#!/usr/bin/python3
"""Checks that every include points down the layers, and that each library stays in the layers that own it.

Bazel's visibility refuses a dependency that is not in the picture of docs/architecture.md, but lets a file include what its
dependencies bring along, and knows nothing of system headers. This closes both gaps.
"""

import pathlib
import re
import subprocess
import sys

API = ["leat/v1", "google/rpc"]

# A layer is a folder with everything below it that has no entry of its own. It may include itself and these.
LAYERS = {
    "storage/record": [],
    "storage/io": [],
    "storage/log": ["storage/record", "storage/io"],
    # Storage as tools see it while no server runs.
    "storage/inspect": ["storage/log", "storage/record", "storage/io"],
    "server/survey": ["server/broker", "storage/inspect", "storage/log", "storage/record", "storage/io"],
    "server/broker": ["storage/log", "storage/record", "storage/io"],
    "server/group": ["storage/record"],
    # Of storage/io rpc needs the names of the backends and the clock, which the broker's interface speaks in too.
    "server/rpc": ["server/broker", "server/group", "storage/record", "storage/io"] + API,
    "server": ["server/broker", "server/group", "server/rpc", "storage/record", "storage/io"] + API,
    "client": ["storage/record"] + API,
    # The load engine behind `leat bench`.
    "bench/load": ["bench", "client", "storage/record"] + API,
    "bench/suite": ["bench", "bench/load", "server", "storage/record"] + API,
    "cli": ["bench", "bench/load", "bench/suite", "server", "server/broker", "server/survey", "client"]
    + ["storage/inspect", "storage/log", "storage/record", "storage/io"]
    + API,
    "bench": [],
    "bench/programs": ["bench", "bench/load", "client", "server"] + API,
    "bench/micro": ["bench/load", "client", "server/group", "server/rpc", "storage/log", "storage/record", "storage/io"] + API,
    "tools": ["bench", "client", "storage/record"] + API,
}

# System headers that only these layers may include. Tests, which stand outside the picture, may include anything.
OWNED = {
    r"liburing\.h": ["storage/io"],
    r"isa-l.*|zstd\.h|lz4.*\.h": ["storage/record"],
    r"grpc(pp)?/.*": ["server/rpc", "server", "client", "cli", "bench/load", "bench/programs", "bench/suite"],
    r"spdlog/.*": ["server/broker", "server/rpc", "server", "cli"],
    r"CLI/.*|toml\+\+/.*": ["server", "cli", "bench/programs", "tools"],
}

INCLUDE = re.compile(r'\s*#\s*include\s+[<"]([^>"]+)[>"]')


def layer_of(path):
    """The most specific layer that holds `path`, or None. Of the API, its folder."""
    folders = [folder for folder in [*LAYERS, *API] if path.startswith(folder + "/")]
    return max(folders, key=len, default=None)


def complaint(layer, header):
    """Why a file of `layer` must not include `header`, or None."""
    for pattern, owners in OWNED.items():
        if re.fullmatch(pattern, header) and layer not in owners:
            return "only for " + ", ".join(owners)
    included = layer_of(header)
    if included in (None, layer, *LAYERS[layer]):
        return None
    return f"{layer} must not include {included}"


def main():
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.h", "*.cc"]
    files = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    complaints = []
    for path in sorted(files):
        layer = layer_of(path)
        if layer not in LAYERS or not pathlib.Path(path).exists():
            continue
        for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            reason = match and complaint(layer, match.group(1))
            if reason:
                complaints.append(f"{path}:{number}: {match.group(1)}: {reason}")
    print(*complaints, sep="\n", end="\n" if complaints else "")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
