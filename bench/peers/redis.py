"""Redis Streams from Debian's redis-server, driven by redis-benchmark."""

import contextlib
import csv
import os
import pathlib
import shutil

from entry import Entry
from process import Failed, directory, free_port, output_of, server

# What the two programs need beyond what every Debian has.
PACKAGES = ["redis-server", "redis-tools", "libatomic1", "libjemalloc2", "liblua5.1-0", "liblzf1", "lua-bitop", "lua-cjson"]
LIBRARIES = "usr/lib/x86_64-linux-gnu"


def fetch(cache):
    """The directory with the programs. They are unpacked, not installed: an installed redis-server would run as a service."""
    if installed := shutil.which("redis-server"):
        return pathlib.Path(installed).parent
    root = cache / "redis"
    if not root.is_dir():
        with directory(cache, "redis") as half:
            output_of(["env", f"--chdir={half}", "apt-get", "-o", "APT::Sandbox::User=root", "-qq", "download", *PACKAGES])
            for package in half.glob("*.deb"):
                output_of(["dpkg-deb", "--extract", str(package), str(half / "root")])
            (half / "root").rename(root)
    return root / "usr/bin"


class Server:
    def __init__(self, programs, port):
        self.programs = programs
        self.port = str(port)
        self.environment = environment(programs)

    def tool(self, name, *arguments):
        return output_of([str(self.programs / name), "-p", self.port, *arguments], environment=self.environment)

    def add(self, record_bytes, count, clients, pipeline):
        """Appends records to a new stream; records a second, and the percentiles of the answers in seconds."""
        output = self.tool("redis-benchmark", "--csv", "-c", str(clients), "-P", str(pipeline), "-n", str(count),
                           "XADD", "bench", "*", "d", "x" * record_bytes)  # fmt: skip
        row = next(csv.DictReader(output.splitlines()))
        kept = int(self.tool("redis-cli", "XLEN", "bench"))
        # The tool sends a whole pipeline even when fewer are left to send.
        if kept < count:
            raise Failed(f"Redis kept {kept} records of {count}")
        self.tool("redis-cli", "DEL", "bench")
        return {"records/s": float(row["rps"]), "p50": float(row["p50_latency_ms"]) / 1e3, "p99": float(row["p99_latency_ms"]) / 1e3}


def environment(programs):
    libraries = programs.parent.parent / LIBRARIES
    return {**os.environ, "LD_LIBRARY_PATH": str(libraries)}


@contextlib.contextmanager
def redis(place):
    programs = fetch(place.cache)
    with directory(place.data, "redis") as scratch:
        port = free_port()
        command = [str(programs / "redis-server"), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(scratch), "--save", "",
                   "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"]  # fmt: skip
        with server(command, port, scratch / "log", environment(programs)):
            yield Server(programs, port)


def version(place):
    programs = fetch(place.cache)
    output = output_of([str(programs / "redis-server"), "--version"], environment=environment(programs))
    return output.split("v=")[1].split()[0]


def add(record_bytes, clients, pipeline):
    def enter(place, stack):
        streams = stack.enter_context(redis(place))
        rate = 10_000.0

        def turn(seconds):
            nonlocal rate
            figures = streams.add(record_bytes, int(rate * seconds), clients, pipeline)
            rate = figures["records/s"]
            return {**figures, "bytes/s": rate * record_bytes}

        return [Entry(f"Redis Streams {version(place)}, {clients} clients, pipelines of {pipeline}", "flushed", turn)]

    return enter


MEASURES = {
    "produce_100": add(100, clients=50, pipeline=64),
    "unary_100": add(100, clients=64, pipeline=1),
}
