#!/usr/bin/python3
"""Instructions that the hot paths execute, as callgrind counts them: figures that do not drift with the machine's load.

  bench/micro/instructions.py MICRO [NAME...]

MICRO is the program of the micro-benchmarks. Each path is run by one of them, a few times, and counted in one function with all that it calls.
Prints a table in Markdown; NAME picks the paths whose function holds it. Exit code 1 when one cannot be counted.
"""

import os
import re
import subprocess
import sys
from typing import NamedTuple

REPETITIONS = 20
ENVIRONMENT = {
    # Bound at the start: a first call through the linker would count.
    "LD_BIND_NOW": "1",
    # No copies by `rep movsb`, of which callgrind counts every byte.
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-ERMS",
}


class Path(NamedTuple):
    what: str
    function: str  # Counted while it runs; as callgrind names it, up to its parameters.
    benchmark: str  # Calls it; one iteration each time.
    unit: str
    units: int  # In an iteration.


PATHS = [
    Path("client: a record of 100 B joins its batch", "leat::client::Outbox::Add", "BM_ClientSend/100", "record", 1000),
    Path("client: the callbacks of a batch", "leat::client::SendBatch::Complete", "BM_ClientSend/100", "record", 1000),
    Path("record set: append 100 B", "leat::record::RecordSetBuilder::Add", "BM_BuildRecordSet/1000/100", "record", 1000),
    Path("record set: read 100 B", "leat::record::ForEachRecord", "BM_ForEachRecord/1000/100", "record", 1000),
    Path("record set: check 100 B", "leat::record::CheckRecordSet", "BM_CheckRecordSet/1000/100", "record", 1000),
    Path("record set: check 1 KiB", "leat::record::CheckRecordSet", "BM_CheckRecordSet/1000/1024", "record", 1000),
    Path("CRC-32C of 1 MiB", "leat::record::Crc32c", "BM_Crc32c/1048576", "KiB", 1024),
    Path("CRC-32C of 100 B", "leat::record::Crc32c", "BM_Crc32c/100", "call", 1),
    Path("batch header: write", "leat::record::EncodeBatchHeader", "BM_EncodeBatchHeader", "batch", 1),
    Path("batch header: read and check", "leat::record::DecodeBatchHeader", "BM_DecodeBatchHeader", "batch", 1),
    Path("request: take apart, 1 record", "leat::rpc::ParseProduceRequest", "BM_ParseProduceRequest/1", "request", 1),
    Path("request: take apart, 1 MiB", "leat::rpc::ParseProduceRequest", "BM_ParseProduceRequest/1000", "request", 1),
    Path("request: copy and sum 100 B", "leat::rpc::CopyPayload", "BM_CopyPayload/100", "request", 1),
    Path("request: copy and sum 1 MiB", "leat::rpc::CopyPayload", "BM_CopyPayload/1048576", "KiB", 1024),
    Path("frame: build of 4 batches of 1 MiB", "leat::log::BuildFrame", "BM_BuildFrame/4/1024", "KiB", 4096),
    Path("frame: take apart, checksums included", "leat::log::ParseFrame", "BM_ParseFrame/4/1024", "KiB", 4096),
    Path("index of 1 GiB: find an offset", "leat::log::SegmentIndex::FindOffset", "BM_IndexFindOffset", "call", 1),
    Path("mailbox: leave a task", "leat::io::Mailbox::Post", "BM_MailboxPostAndRun", "task", 100),
    Path("group: 500 members, 1,000 partitions, first", "leat::group::Assign", "BM_AssignFirst", "partition", 1000),
    Path("histogram of latencies: record one", "leat::bench::Histogram::Record", "BM_HistogramRecord", "call", 1),
]


def count(micro, path):
    """Instructions of all repetitions together."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no",
               f"--toggle-collect={path.function}(*", micro, f"--benchmark_filter=^{path.benchmark}$",
               "--benchmark_min_time=0", f"--benchmark_repetitions={REPETITIONS}"]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **ENVIRONMENT})
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or found is None or int(found[1]) == 0:
        raise ValueError(f"{path.benchmark} ran no {path.function}: {run.stdout[-500:]}{run.stderr[-500:]}")
    return int(found[1])


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    micro, names = sys.argv[1], sys.argv[2:]
    paths = [path for path in PATHS if not names or any(name in path.function for name in names)]
    print("| what | function | instructions | for each |\n|---|---|---|---|")
    for path in paths:
        each = count(micro, path) / REPETITIONS / path.units
        print(f"| {path.what} | `{path.function.removeprefix('leat::')}` | {each:,.0f} | {path.unit} |", flush=True)


if __name__ == "__main__":
    try:
        main()
    except FileNotFoundError:
        sys.exit("instructions: valgrind is not there; on Debian: apt-get install valgrind")
    except ValueError as error:
        sys.exit(f"instructions: {error}")
