#!/usr/bin/python3
"""`leat segment` on the data directory of a real server: sound, damaged, repaired."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"], "tests/support"))
from leat_server import ENVIRONMENT, LEAT, Server  # noqa: E402


class SegmentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """Topic orders: partition 0 with three records, a frame each; partition 1 with one."""
        cls.template = tempfile.TemporaryDirectory()
        data = os.path.join(cls.template.name, "data")
        server = Server(data)
        environment = dict(ENVIRONMENT, LEAT_SERVER=server.listen)

        def leat(*arguments, stdin=b""):
            subprocess.run([LEAT, *arguments], env=environment, input=stdin, check=True, capture_output=True)

        leat("topic", "create", "orders", "--partitions", "2")
        for line in ("k0:zero", "k1:one", "k2:two"):
            leat("produce", "orders", "-p", "0", "--key-separator", ":", stdin=line.encode())
        leat("produce", "orders", "-p", "1", stdin=b"other")
        assert server.end(signal.SIGTERM) == 0

    @classmethod
    def tearDownClass(cls):
        cls.template.cleanup()

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.data = pathlib.Path(os.path.realpath(self.directory.name)) / "data"
        shutil.copytree(os.path.join(self.template.name, "data"), self.data)
        (self.partition,) = self.data.glob("topics/*/0")
        self.segment = self.partition / "00000000000000000000.log"
        frames = [o for o in self.objects("segment", "dump", self.segment) if o.get("batches")]
        self.assertEqual([frame["offset"] for frame in frames], [0, 1, 2])
        self.damaged = frames[1]["frame_at"]  # Record 1, once `damage` was called.

    def leat(self, *arguments, code=0, stdin=b"", **variables):
        """Runs a verb; its standard output. Its standard error is in self.stderr."""
        process = subprocess.run(
            [LEAT, *map(str, arguments)], env=dict(ENVIRONMENT, **variables), input=stdin, capture_output=True
        )
        self.stderr = process.stderr.decode()
        self.assertEqual(process.returncode, code, (arguments, process.stdout, self.stderr))
        return process.stdout.decode()

    def damage(self):
        self.rot(self.segment, self.damaged + 200)

    def rot(self, path, position):
        content = bytearray(path.read_bytes())
        content[position] ^= 4
        path.write_bytes(content)

    def objects(self, *arguments, code=0):
        return [json.loads(line) for line in self.leat(*arguments, "-f", "jsonl", code=code).splitlines()]

    def test_lists_segments(self):
        rows = self.leat("segment", "ls", self.data).splitlines()
        self.assertRegex(rows[0], r"^LOG +SEGMENT +STATE +BASE OFFSET")
        self.assertRegex("\n".join(rows), r"orders/0 +0{20}\.log +active +0 +3 +3 .*Z .*Z +all sound")
        self.assertRegex("\n".join(rows), r"__meta/0 ")
        found = self.objects("segment", "ls", self.partition)
        self.assertEqual([(o["log"], o["records"], o["file"]) for o in found], [("orders/0", 3, str(self.segment))])
        self.assertIn("base_offset,next_offset", self.leat("segment", "ls", self.data, "-f", "csv"))

    def test_dumps_frames_batches_and_records(self):
        found = self.objects("segment", "dump", self.segment)
        records = [(o["record"], o["key"], o["value"]) for o in found if "record" in o]
        self.assertEqual(records, [(0, "k0", "zero"), (1, "k1", "one"), (2, "k2", "two")])
        text = self.leat("segment", "dump", self.segment)
        self.assertRegex(text, r"(?m)^frame at byte 4096: offset 0, stable offset 0")
        self.assertRegex(text, r'(?m)^    record 1 .* key "k1"  value "one"')
        self.assertNotIn("record ", self.leat("segment", "dump", self.segment, "--depth", "batches").replace("records", ""))

    def test_a_sound_directory(self):
        self.assertEqual(self.leat("segment", "verify", self.data), "")
        self.assertIn("no damage", self.stderr)
        self.assertEqual(self.leat("segment", "repair", self.data), "")
        self.assertIn("nothing to repair", self.stderr)

    def test_names_damage(self):
        self.damage()
        text = self.leat("segment", "verify", self.data, code=1)
        place = "%s at byte %d" % (self.segment, self.damaged)
        self.assertRegex(text, r"damaged: orders/0, offset 1: %s.*\n  means: .*\n  do: " % place)
        self.assertIn("1 damaged place", self.stderr)
        (fault,) = self.objects("segment", "verify", self.segment, code=1)
        self.assertEqual((fault["position"], fault["offset"], fault["file"]), (self.damaged, 1, str(self.segment)))
        self.assertIn("damaged at byte %d" % self.damaged, self.leat("segment", "dump", self.segment))
        self.assertIn("damaged", self.leat("segment", "ls", self.partition))

    def test_names_a_damaged_snapshot_of_producers(self):
        snapshot = self.segment.parent / "producers.snapshot"
        self.rot(snapshot, 20)
        before = snapshot.read_bytes()
        text = self.leat("segment", "verify", self.data, code=1)
        self.assertRegex(text, r"damaged: orders/0.*%s.*anew.*\n  means: no record is lost.*\n  do: restore" % snapshot)
        (fault,) = self.objects("segment", "verify", self.partition, code=1)
        self.assertEqual((fault["damage"], fault["file"]), ("producers", str(snapshot)))
        self.assertEqual(snapshot.read_bytes(), before)

    def test_offsets_of_what_is_gone_are_not_given_away_again(self):
        self.segment.unlink()
        text = self.leat("segment", "repair", self.data, "--accept-loss")
        self.assertIn("not there: offsets 0 to 2", text)
        self.assertIn("repaired", text)
        self.assertEqual(self.leat("segment", "repair", self.data, "--accept-loss"), "")
        server = Server(str(self.data))
        self.addCleanup(server.end, signal.SIGKILL)
        self.leat("produce", "orders", "-p", "0", LEAT_SERVER=server.listen, stdin=b"four")
        got = self.leat("consume", "orders", "-p", "0", "-e", "-f", "jsonl", LEAT_SERVER=server.listen)
        self.assertEqual(json.loads(got)["offset"], 3)

    def test_repairs_only_when_the_loss_is_accepted(self):
        self.damage()
        before = self.segment.read_bytes()
        text = self.leat("segment", "repair", self.data, code=1)
        self.assertIn("lost: offsets 1 to 2", text)
        self.assertIn("--accept-loss", self.stderr)
        self.assertEqual(self.segment.read_bytes(), before)
        text = self.leat("segment", "repair", self.data, "--accept-loss")
        self.assertIn("repaired", text)
        self.assertEqual(self.segment.read_bytes(), before[: self.damaged])
        (kept,) = [path for path in (self.data / "quarantine").rglob("*") if path.is_file()]
        self.assertEqual(kept.read_bytes(), before[self.damaged :])
        self.leat("segment", "verify", self.data)

        server = Server(str(self.data))
        self.assertEqual(self.leat("consume", "orders", "-p", "0", "-e", LEAT_SERVER=server.listen), "zero\n")
        described = self.leat("topic", "describe", "orders", LEAT_SERVER=server.listen)
        self.assertNotIn("corrupt", described)
        self.assertEqual(server.end(signal.SIGTERM), 0)

    def test_a_trim_that_the_topics_log_loses(self):
        server = Server(str(self.data))
        listen = server.listen
        self.leat("topic", "create", "long", "--partitions", "1", "--set", "segment_bytes=1MiB", LEAT_SERVER=listen)
        lines = b"".join(b"%06d %s\n" % (i, b"x" * 1000) for i in range(4000))
        self.leat("produce", "long", stdin=lines, LEAT_SERVER=listen)
        self.leat("topic", "set", "long", "retention_time=30d", LEAT_SERVER=listen)
        self.leat("topic", "trim", "long", "-p", "0", "-o", "3500", "-y", LEAT_SERVER=listen)
        self.assertEqual(server.end(signal.SIGTERM), 0)
        (start,) = [o["base_offset"] for o in self.objects("segment", "ls", self.data) if o["log"] == "long/0"][:1]
        self.assertGreater(start, 0)

        (topics,) = [pathlib.Path(o["file"]) for o in self.objects("segment", "ls", self.data) if o["log"] == "__meta/0"]
        frames = [o["frame_at"] for o in self.objects("segment", "dump", topics) if o.get("batches")]
        self.rot(topics, frames[-2] + 200)
        text = self.leat("segment", "repair", self.data, "--accept-loss")
        self.assertIn("not there: offsets 0 to %d" % (start - 1), text)
        self.leat("segment", "verify", self.data)
        self.assertEqual(self.leat("segment", "repair", self.data, "--accept-loss"), "")
        server = Server(str(self.data))
        self.addCleanup(server.end, signal.SIGKILL)
        got = self.leat("consume", "long", "-e", "-o", "-1", LEAT_SERVER=server.listen)
        self.assertTrue(got.startswith("003999 "))

    def test_a_damaged_checkpoint(self):
        self.rot(self.data / "checkpoint", 40)
        self.assertIn("checkpoint at byte 0", self.leat("segment", "verify", self.data, code=1))
        self.leat("segment", "repair", self.data, "--accept-loss")
        self.assertTrue((self.data / "quarantine/checkpoint.1").exists())
        server = Server(str(self.data))
        self.assertIn("missing: ", self.leat("server", "info", LEAT_SERVER=server.listen))
        self.assertEqual(server.end(signal.SIGTERM), 0)

    def test_stays_out_while_a_server_runs(self):
        server = Server(str(self.data))
        for verb in (["verify"], ["repair", "--accept-loss"]):
            self.leat("segment", verb[0], self.data, *verb[1:], code=1)
            self.assertIn("in use by a server", self.stderr)
        self.leat("segment", "ls", self.data)
        self.assertEqual(server.end(signal.SIGTERM), 0)

    def test_a_partition_that_lies_elsewhere(self):
        alone = pathlib.Path(self.directory.name) / "alone"
        self.damage()
        shutil.move(self.partition, alone)
        self.leat("segment", "verify", alone, code=1)
        self.leat("segment", "repair", alone, "--accept-loss")
        self.assertEqual(len(list((alone.parent / "quarantine").iterdir())), 1)
        self.leat("segment", "verify", alone)

    def test_what_is_no_directory_of_ours(self):
        self.leat("segment", "ls", self.directory.name, code=2)
        self.assertIn("neither a data directory", self.stderr)
        self.leat("segment", "ls", self.directory.name + "/nothing", code=3)
        self.leat("segment", "repair", self.segment, code=2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
