"""What is measured, and which figure of a turn stands for it."""

from typing import NamedTuple

# Figures by the name that turns give them: whether more is better.
MORE_IS_BETTER = {"bytes/s": True, "records/s": True, "mean": False, "p50": False, "p99": False}


class Measure(NamedTuple):
    name: str
    title: str
    figures: list[str]


MEASURES = [
    Measure("produce_1k", "produce: records of 1 KiB, batches of 1 MiB, one producer", ["bytes/s"]),
    Measure("produce_100", "produce: records of 100 B through the client that batches", ["records/s"]),
    Measure("unary_100", "one record of 100 B a request, 64 requests in flight", ["records/s", "p99"]),
    Measure("replay_1k", "replay: records of 1 KiB, one consumer", ["bytes/s"]),
    Measure("e2e_1k", "from sending a record of 1 KiB until it is consumed, one at a time", ["mean", "p99"]),
]
