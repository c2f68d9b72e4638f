"""NATS JetStream from the Go modules that nats/go.mod pins, driven by the program in nats/ on its own client."""

import contextlib
import json
import pathlib
import re

from entry import Entry
from process import directory, free_port, output_of, server

MODULE = pathlib.Path(__file__).resolve().parent / "nats"
SERVER = "github.com/nats-io/nats-server/v2"
VERSION = re.search(re.escape(SERVER) + r" v(\S+)", (MODULE / "go.mod").read_text())[1]

CONFIGURATION = """
listen: 127.0.0.1:{port}
jetstream {{ store_dir: "{data}", sync_interval: always }}
"""


def fetch(cache):
    """The directory with the server and the load program, built when needed."""
    programs = cache / f"nats-{VERSION}"
    programs.mkdir(exist_ok=True)
    output_of(["go", "-C", str(MODULE), "build", "-o", f"{programs}/", ".", SERVER], 600)
    return programs


@contextlib.contextmanager
def jetstream(place):
    programs = fetch(place.cache)
    with directory(place.data, "nats") as scratch:
        port = free_port()
        configuration = scratch / "nats.conf"
        configuration.write_text(CONFIGURATION.format(port=port, data=scratch / "data"))
        with server([str(programs / "nats-server"), "-c", str(configuration)], port, scratch / "log"):
            yield [str(programs / "nats"), "-url", f"nats://127.0.0.1:{port}"]


def publish(record_bytes, clients):
    def enter(place, stack):
        load = stack.enter_context(jetstream(place))

        def turn(seconds):
            figures = json.loads(output_of([*load, f"-clients={clients}", f"-bytes={record_bytes}", f"-duration={seconds}s"]))
            rate = figures["records"] / figures["seconds"]
            return {"records/s": rate, "bytes/s": rate * record_bytes, "p50": figures["p50"], "p99": figures["p99"]}

        return [Entry(f"NATS JetStream {VERSION}, {clients} clients, one at a time each", "flushed", turn)]

    return enter


MEASURES = {
    "unary_100": publish(100, clients=64),
}
