"""Leat itself: a server in a process of its own, driven by `leat bench`, which checks every answer and every record."""

import contextlib
import json

from entry import Entry
from process import directory, free_port, output_of, server

WARM_UP_SECONDS = 2
PARTITIONS = 4


@contextlib.contextmanager
def running(place):
    """A command line for `leat bench` against a server."""
    with directory(place.data, "leat") as scratch:
        port = free_port()
        address = f"127.0.0.1:{port}"
        with server([place.leat, "serve", "--data-dir", str(scratch / "data"), "--listen", address], port, scratch / "log"):
            yield [place.leat, "-q", "-s", address, "bench"]


def figures_of(result):
    """Figures by the names that all entries use; bytes are those of values, as the peers count them."""
    side = result["produced"] if result["produced"]["records_per_second"] > 0 else result["consumed"]
    latency = result["end_to_end_latency_ms"] if result["end_to_end_latency_ms"]["count"] else result["answer_latency_ms"]
    rate = side["records_per_second"]
    return {
        "records/s": rate,
        "bytes/s": rate * result["settings"]["record_bytes"],
        **{name: latency[name] / 1e3 for name in ("mean", "p50", "p99") if latency[name] is not None},
    }


def bench(*ways):
    """Each way: its name, its durability, and the words after `leat bench`."""

    def enter(place, stack):
        command = stack.enter_context(running(place))

        def entry(name, durability, words):
            def turn(seconds):
                times = [f"--warm-up={WARM_UP_SECONDS}s", f"--duration={seconds}s"]
                return figures_of(json.loads(output_of([*command, *words.split(), *times, "-f", "json"])))

            return Entry(f"Leat, {name}", durability, turn)

        return [entry(*way) for way in ways]

    return enter


MEASURES = {
    "produce_1k": bench(
        (f"client, {PARTITIONS} partitions", "flushed", f"produce --via client --partitions {PARTITIONS} --record-bytes 1KiB"),
        ("prepared batches, 1 partition", "flushed", "produce --via stream --record-bytes 1KiB --batch-bytes 1MiB"),
    ),
    "produce_100": bench(
        (f"client, {PARTITIONS} partitions", "flushed", f"produce --via client --partitions {PARTITIONS} --record-bytes 100"),
    ),
    "unary_100": bench(
        ("64 clients, one at a time each", "flushed",
         "produce --via unary --record-bytes 100 --records-per-batch 1 --producers 64 --window 1"),
        ("64 in flight on one connection", "flushed",
         "produce --via unary --record-bytes 100 --records-per-batch 1 --producers 1 --window 64"),
    ),
    "replay_1k": bench(
        (f"client, {PARTITIONS} partitions", "read past the page cache",
         f"consume --via client --partitions {PARTITIONS} --record-bytes 1KiB --fill 3GiB"),
        (f"whole batches, {PARTITIONS} partitions", "read past the page cache",
         f"consume --via stream --partitions {PARTITIONS} --record-bytes 1KiB --fill 3GiB"),
    ),
    "e2e_1k": bench(
        ("one partition", "flushed", "e2e --via client --record-bytes 1KiB --window 1"),
    ),
}  # fmt: skip
