"""What takes turns in a measure."""

import pathlib
from collections.abc import Callable
from typing import NamedTuple


class Entry(NamedTuple):
    name: str
    durability: str  # What an answer promises: "memory", "page cache" or "flushed". Of a replay: where it reads from.
    turn: Callable[[float], dict[str, float]]  # Runs for about so many seconds; figures by their unit or percentile.


class Place(NamedTuple):
    cache: pathlib.Path  # What was fetched and built; stays.
    data: pathlib.Path  # Directories of data; each is removed.
    leat: str
