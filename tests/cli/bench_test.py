#!/usr/bin/python3
"""`leat bench` against a real server: what it prints, and what it finds. No test looks at how fast anything is."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"], "tests/support"))
from leat_server import ENVIRONMENT, LEAT, ServerTest  # noqa: E402

SHORT = ["--warm-up", "50ms", "--duration", "300ms"]


class BenchTest(ServerTest):
    def popen(self, *arguments, server=None):
        environment = dict(ENVIRONMENT, LEAT_SERVER=server or self.server.listen)
        return subprocess.Popen(
            [LEAT, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def leat(self, *arguments, code=0, server=None):
        process = self.popen(*arguments, server=server)
        stdout, self.stderr = process.communicate()
        self.assertEqual(process.returncode, code, (arguments, self.stderr))
        return stdout

    def bench(self, *arguments):
        return json.loads(self.leat("bench", *arguments, *SHORT, "-f", "json"))

    def test_produces_in_every_way_and_reads_everything_back(self):
        for via in "stream", "unary", "client":
            with self.subTest(via):
                result = self.bench("produce", "--via", via, "--record-bytes", "100", "--batch-bytes", "1000")
                self.assertEqual(result["settings"]["records_per_batch"], 10)
                self.assertGreater(result["records_sent"], 0)
                self.assertEqual(result["records_read"], result["records_sent"])
                self.assertGreater(result["produced"]["records_per_second"], 0)
                latency = result["answer_latency_ms"]
                self.assertLessEqual(latency["p50"], latency["p99.99"])
                self.assertLessEqual(latency["p99.99"], latency["max"])

    def test_a_closed_loop_counts_from_when_it_sends(self):
        """Little's law: no more than the window is under way, so none of it waited for its turn."""
        for via in "stream", "unary", "client":
            with self.subTest(via):
                result = self.bench("produce", "--via", via, "--records-per-batch", "1", "--window", "1")
                under_way = result["produced"]["records_per_second"] * result["answer_latency_ms"]["mean"] / 1e3
                self.assertLess(under_way, 1.2)

    def test_several_producers_share_several_partitions(self):
        result = self.bench(
            "produce", "--producers", "3", "--partitions", "4", "--keys", "7", "--records-per-batch", "2"
        )
        self.assertEqual(result["records_read"], result["records_sent"])

    def test_an_open_loop_keeps_to_its_rate(self):
        result = self.bench("produce", "--rate", "200", "--records-per-batch", "1", "--window", "64")
        # 350 ms of it.
        self.assertLessEqual(result["records_sent"], 71)
        self.assertEqual(result["answer_latency_ms"]["count"], 60)

    def test_what_an_open_loop_cannot_send_is_late_from_end_to_end(self):
        for via in "stream", "client":
            with self.subTest(via):
                # Of records that fill the client's buffer, at a rate that nobody keeps up with.
                flags = ["--via", via, "--record-bytes", "64KiB", "--window", "1", "--rate", "1000000"]
                result = self.bench("e2e", *flags, "--consumers", "2")
                self.assertGreater(result["records_missed"], 0)
                self.assertEqual(result["answer_latency_ms"]["count"], 300_000)
                self.assertEqual(result["end_to_end_latency_ms"]["count"], 600_000)

    def test_consumers_read_all_again_and_again(self):
        for via in "stream", "client":
            with self.subTest(via):
                result = self.bench("consume", "--via", via, "--fill", "1MiB", "--consumers", "2")
                self.assertEqual(result["records_sent"], 0)
                self.assertGreaterEqual(result["records_read"], 1024)
                self.assertIsNone(result["answer_latency_ms"]["p99"])

    def test_end_to_end_every_consumer_gets_everything(self):
        for via in "stream", "client":
            with self.subTest(via):
                result = self.bench("e2e", "--via", via, "--consumers", "2")
                self.assertEqual(result["records_read"], 2 * result["records_sent"])
                self.assertGreater(result["end_to_end_latency_ms"]["count"], 0)

    def test_leaves_nothing_behind_but_what_was_named(self):
        self.leat("topic", "create", "kept")
        first = self.bench("produce", "kept", "--records-per-batch", "3")
        second = self.bench("produce", "kept", "--records-per-batch", "3")
        read = self.bench("consume", "kept")
        self.assertEqual([json.loads(line)["name"] for line in self.leat("topic", "ls", "-f", "jsonl").splitlines()], ["kept"])
        offsets = json.loads(self.leat("topic", "describe", "kept", "-f", "json"))["partitions"][0]
        self.assertEqual(int(offsets["high_watermark"]), first["records_sent"] + second["records_sent"])
        self.assertGreater(read["records_read"], 0)
        # Bytes are those of values, which a reader of whole batches of others does not know.
        self.assertEqual(first["produced"]["bytes_per_second"], 1024 * first["produced"]["records_per_second"])
        self.assertIsNone(read["consumed"]["bytes_per_second"])
        self.leat("topic", "rm", "kept", "-y")

    def test_prints_settings_and_a_table(self):
        stdout = self.leat("bench", "produce", *SHORT)
        self.assertIn("1 producer and 0 consumers via stream", self.stderr)
        self.assertRegex(stdout, r"milliseconds +p50 +p90 +p99 +p99.9 +p99.99 +max +mean +count")
        self.assertRegex(stdout, r"checked: [\d,]+ records acknowledged, without a gap; [\d,]+ records read")
        self.assertRegex(stdout, r"client [\d.]+, server [\d.]+")

    def test_writes_the_latencies_in_hdr_format(self):
        path = pathlib.Path(self.directory.name, "latency.hdr")
        self.leat("bench", "produce", *SHORT, "--hdr", str(path))
        text = path.read_text()
        self.assertRegex(text, r"^ +Value +Percentile TotalCount 1/\(1-Percentile\)\n")
        self.assertRegex(text, r"#\[Max +=")
        self.leat("bench", "produce", *SHORT, "--hdr", "/nonexistent/file", code=1)

    def test_an_interrupted_run_tells_what_there_was(self):
        process = self.popen("bench", "produce", "--duration", "1h", "--warm-up", "0")
        for line in process.stderr:
            if "produced" in line:
                break
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate()
        self.assertEqual(process.returncode, 130)
        self.assertRegex(stdout, r"produced +[\d,]+")
        self.assertIn("interrupted, so nothing was read back", stdout)

    def test_refuses_what_makes_no_sense(self):
        for wrong, message in (
            (["--via", "pigeon"], "stream, unary or client"),
            (["--durability", "hopeful"], "synced or written"),
            (["--window", "0"], "at least 1"),
            (["--record-bytes", "2GiB"], "too large"),
            (["--batch-bytes", "1KiB", "--records-per-batch", "2"], "--help"),
        ):
            with self.subTest(wrong):
                self.leat("bench", "produce", *wrong, code=2)
                self.assertIn(message, self.stderr)
        for useless in (
            ["produce", "--consumers", "2"],
            ["produce", "there", "--partitions", "2"],
            ["consume", "--rate", "10"],
            ["consume", "--window", "2"],
            ["consume", "--durability", "written"],
            ["consume", "--hdr", "file"],
            ["consume", "--via", "unary"],
            ["consume", "there", "--fill", "1MiB"],
            ["consume", "there", "--record-bytes", "10"],
            ["consume", "there", "--records-per-batch", "10"],
            ["consume", "there", "--keys", "10"],
            ["e2e", "--fill", "1MiB"],
        ):
            with self.subTest(useless):
                self.leat("bench", *useless, code=2)
        self.leat("bench", "produce", "no-such-topic", *SHORT, code=3)
        self.assertIn("leat topic create no-such-topic", self.stderr)

    def test_a_server_that_lies_is_found(self):
        """A null server tells of appends it did not make, and gives out the same batch again and again."""
        null = subprocess.Popen([LEAT, "bench", "null"], env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (null.kill(), null.wait(), null.stderr.close()))
        address = re.search(r"127\.0\.0\.1:\d+", null.stderr.readline()).group()
        for verb, lie in (
            (["produce", "--records-per-batch", "1"], "an answer is wrong, out of order"),
            (["produce", "--records-per-batch", "1", "--via", "unary"], "do not fill it exactly"),
            (["e2e"], "an answer is wrong, out of order"),
            (["consume"], "a batch that does not follow on offset 1"),
        ):
            with self.subTest(verb):
                self.leat("bench", *verb, "lies", *SHORT, code=1, server=address)
                self.assertIn("the check failed: ", self.stderr)
                self.assertIn(lie, self.stderr)

    def test_the_suite_compares_with_a_null_server(self):
        path = pathlib.Path(self.directory.name, "rows.json")
        stdout = self.leat(
            "bench", "suite", "--quick", "--rounds", "1", "--only", "unary", "one",
            "--data-dir", self.directory.name, "--json", str(path)
        )
        self.assertRegex(stdout, r"measure +class +leat +floor +floor is +ratio +aim")
        rows = json.loads(path.read_text())
        self.assertEqual([row["measure"] for row in rows], ["unary_100", "e2e_1k/one"])
        for row in rows:
            self.assertAlmostEqual(row["ratio_to_floor"], row["value"] / row["floor_value"])
            self.assertIsNone(row["peer"])
        self.assertEqual(os.listdir(self.directory.name).count("data"), 1)
        self.assertEqual([name for name in os.listdir(self.directory.name) if name.startswith("leat-bench-")], [])
        self.leat("bench", "suite", "--only", "juggling", code=2)

    def test_finds_no_server(self):
        self.leat("bench", "produce", *SHORT, code=4, server="127.0.0.1:1")


if __name__ == "__main__":
    unittest.main()
