#!/usr/bin/python3
"""The `leat` program as its users run it, against a real server of its own."""

import base64
import json
import os
import pathlib
import pty
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"], "tests/support"))
from leat_server import ENVIRONMENT, LEAT, Server, ServerTest  # noqa: E402


class EndToEndTest(ServerTest):
    def setUp(self):
        self.topic = self.id().split(".")[-1]

    def popen(self, *arguments, **options):
        environment = dict(ENVIRONMENT, LEAT_SERVER=self.server.listen)
        return subprocess.Popen([LEAT, *arguments], env=environment, **options)

    def leat(self, *arguments, stdin=b"", code=0):
        """Runs a verb; its standard output. Its standard error is in self.stderr."""
        process = self.popen(
            *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        stdout, stderr = process.communicate(stdin)
        self.stderr = stderr.decode()
        self.assertEqual(process.returncode, code, (arguments, self.stderr))
        return stdout

    def create(self, *arguments):
        self.leat("topic", "create", self.topic, *arguments)

    def test_lines_go_in_and_out(self):
        self.create()
        self.leat("produce", self.topic, stdin=b"one\ntwo\n\nlast")
        self.assertRegex(self.stderr, r"4 records")
        self.assertEqual(self.leat("consume", self.topic, "-e"), b"one\ntwo\n\nlast\n")
        self.assertEqual(self.leat("consume", self.topic, "-o", "1:3"), b"two\n\n")
        self.assertEqual(self.leat("consume", self.topic, "-o", "-1", "-n", "1"), b"last\n")
        self.assertEqual(self.leat("consume", self.topic, "-o", "+2:end"), b"\nlast\n")
        self.assertEqual(self.leat("consume", self.topic, "-o", "@-1h:end", "-n", "2"), b"one\ntwo\n")

    def test_carriage_returns_are_kept(self):
        self.create()
        text = b"one\r\n\r\n\rtwo\n"
        self.leat("produce", self.topic, stdin=text)
        self.assertIn("3 records, 9 B", self.stderr)
        self.assertEqual(self.leat("consume", self.topic, "-e"), text)

    def test_keys_and_headers(self):
        self.create("--partitions", "4")
        lines = b"".join(b"user%d:event %d\n" % (i % 10, i) for i in range(1000))
        self.leat("produce", self.topic, "--key-separator", ":", "-H", "a=1", "-H", "b", stdin=lines)
        place, count = {}, {}
        for line in self.leat("consume", self.topic, "-e", "-f", "%p %k %v [%h]\\n").splitlines():
            partition, key, event, number, headers = line.decode().split(" ")
            self.assertEqual((event, headers), ("event", "[a=1,b]"))
            self.assertEqual(place.setdefault(key, partition), partition)
            self.assertGreater(int(number), count.get(key, -1))
            count[key] = int(number)
        self.assertEqual(len(count), 10)
        self.assertGreater(len(set(place.values())), 1)

    def test_jsonl_copies_without_loss(self):
        self.create("--partitions", "2")
        every_byte = {"base64": base64.b64encode(bytes(range(256))).decode()}
        records = [
            {"key": None, "value": None},
            {"key": "", "value": "", "timestamp_ms": 0},
            {"key": every_byte, "value": every_byte, "timestamp_ms": -1, "partition": 1},
            {"value": "\x00\x1f\"\\\u2028\U0001f600", "timestamp_ms": 1700000000123},
            {
                "key": "k",
                "headers": [
                    {"name": "b", "value": "2"},
                    {"name": "a", "value": None},
                    {"name": "b", "value": every_byte},
                    {"name": "", "value": ""},
                ][:3],
            },
        ]
        lines = "".join(json.dumps(record) + "\n" for record in records)
        self.leat("produce", self.topic, "-f", "jsonl", "--keep-partition", stdin=lines.encode())
        original = self.leat("consume", self.topic, "-e", "-f", "jsonl")
        copy = self.topic + "-copy"
        self.leat("topic", "create", copy, "--partitions", "2")
        self.leat("produce", copy, "-f", "jsonl", "--keep-partition", stdin=original)
        copied = self.leat("consume", copy, "-e", "-f", "jsonl")
        copied = copied.replace(copy.encode(), self.topic.encode())
        # Each line has its partition and offset; how partitions take turns is not promised.
        self.assertEqual(sorted(copied.splitlines()), sorted(original.splitlines()))
        found = [json.loads(line) for line in original.splitlines()]
        self.assertEqual(len(found), len(records))
        for record in records:
            self.assertTrue(any(all(f[k] == v for k, v in record.items()) for f in found), record)

    def test_offset_out_of_range_names_what_can_be_read(self):
        self.create()
        self.leat("produce", self.topic, stdin=b"a\nb\n")
        for arguments in (["-o", "3"], ["-o", "3", "-e"], ["-o", "3:4"]):
            self.leat("consume", self.topic, *arguments, code=1)
            self.assertRegex(self.stderr, r"^leat: .*readable are offsets 0 up to 2.*\n$")

    def test_settings(self):
        self.create("--set", "retention_time=3d", "--set", "max_record_bytes=100")
        self.leat("topic", "set", self.topic, "segment_bytes=64MiB", "retention_time=")
        described = self.leat("topic", "describe", self.topic).decode()
        self.assertIn("retention_time=7d", described)
        self.assertIn("retention_bytes=unlimited", described)
        self.leat("topic", "set", self.topic, "retention_bytes=unlimited")
        self.assertIn("segment_bytes=67108864", described)
        self.leat("topic", "add-partitions", self.topic, "3")
        topic = json.loads(self.leat("topic", "describe", self.topic, "-f", "json"))
        self.assertEqual(len(topic["partitions"]), 3)
        rows = self.leat("topic", "describe", self.topic, "-f", "csv").decode().splitlines()
        self.assertEqual(rows[1], self.topic + ",0,0,0,0,0,online,")
        self.assertIn(self.topic, self.leat("topic", "ls", self.topic[:8]).decode())
        self.leat("topic", "set", self.topic, "colour=red", code=2)
        self.leat("topic", "set", self.topic, "segment_bytes=1", code=2)

    def test_a_file_with_message_ids_can_be_sent_again(self):
        self.create("--partitions", "3", "--set", "deduplication_time=1h")
        self.assertIn("deduplication_time=1h", self.leat("topic", "describe", self.topic).decode())
        lines = [f"id={number} v" for number in range(100)]
        for part in (lines[:60], lines[40:], lines):
            self.leat("produce", self.topic, "--id-regex", r"id=(\d+)", stdin="\n".join(part).encode())
        self.assertEqual(sorted(self.leat("consume", self.topic, "-e").decode().splitlines()), sorted(lines))
        self.leat("produce", self.topic, "--id-regex", "x", "--codec", "zstd", stdin=b"x", code=2)
        self.leat("produce", self.topic, "--id-regex", "nothing", stdin=b"x", code=1)

    def test_a_compacted_topic_keeps_the_last_record_of_each_key(self):
        self.server = Server(os.path.join(self.directory.name, "compacted"), LEAT_STORAGE_COMPACTION_INTERVAL="1s")
        self.addCleanup(self.server.process.kill)
        self.create("--set", "cleanup=compact", "--set", "segment_bytes=1MiB", "--set", "tombstone_retention=0s")
        self.assertIn("cleanup=compact", self.leat("topic", "describe", self.topic).decode())
        self.leat("produce", self.topic, stdin=b"no key\n", code=1)
        self.assertIn("no key", self.stderr)

        filler = "." * 10_000
        rounds = 60
        lines = []
        for number in range(rounds):
            lines += [{"key": f"key{key}", "value": f"{number} {filler}"} for key in range(5)]
            lines.append({"key": "deleted", "value": filler if number < rounds // 2 else None})
        self.leat("produce", self.topic, "-f", "jsonl", stdin="\n".join(map(json.dumps, lines)).encode())

        def read():
            output = self.leat("consume", self.topic, "-e", "-f", "jsonl").decode()
            return [json.loads(line) for line in output.splitlines()]

        records = read()
        while len(records) > len(lines) / 2:
            self.assertTrue(self.server.process.stderr.readline())  # It logs what it compacted.
            records = read()
        offsets = [record["offset"] for record in records]
        self.assertEqual(offsets, sorted(set(offsets)))
        last = {record["key"]: record for record in records}
        for key in range(5):
            self.assertEqual(last[f"key{key}"]["value"], f"{rounds - 1} {filler}")
            self.assertEqual(last[f"key{key}"]["offset"], (rounds - 1) * 6 + key)
        self.assertIsNone(last["deleted"].get("value"))

        self.assertEqual(self.server.end(signal.SIGTERM), 0)
        self.leat("segment", "verify", self.server.directory)
        self.assertIn("no damage", self.stderr)
        [first] = pathlib.Path(self.server.directory).glob("topics/*/0/" + "0" * 20 + ".log")
        [listed] = self.leat("segment", "ls", first, "-f", "jsonl").decode().splitlines()
        self.assertIsNone(json.loads(listed)["records"])
        dump = self.leat("segment", "dump", first).decode()
        self.assertRegex(dump, r"(?m)^  batch at offset 0: .*, compacted$")
        self.assertRegex(dump, r"(?m)^footer .*, compacted 20.*, \d+ tombstones$")

    def test_a_line_over_the_limit_is_named_and_the_rest_is_kept(self):
        self.create("--set", "max_record_bytes=100")
        self.leat("produce", self.topic, stdin=b"x" * 200 + b"\n", code=1)
        self.leat("produce", self.topic, stdin=b"a\nb\n" + b"x" * 200 + b"\nc\n", code=6)
        self.assertRegex(self.stderr, r"line 3: ")
        self.assertRegex(self.stderr, r"2 records")
        self.assertEqual(self.leat("consume", self.topic, "-e"), b"a\nb\n")
        self.leat("produce", self.topic, stdin=b"x" * (4 << 20), code=1)
        self.assertRegex(self.stderr, r"line 1 is longer than")

    def test_trim_shows_asks_and_removes(self):
        self.create()
        self.leat("produce", self.topic, stdin=b"".join(b"%d\n" % i for i in range(10)))
        plan = self.leat("topic", "trim", self.topic, "-o", "-3", "--dry-run").decode()
        self.assertRegex(plan, r"0 +0 +7 +7")
        self.leat("topic", "trim", self.topic, "-o", "-3", code=2)
        self.assertEqual(self.leat("consume", self.topic, "-e").count(b"\n"), 10)
        self.leat("topic", "trim", self.topic, "-o", "-3", "-y")
        self.assertEqual(self.leat("consume", self.topic, "-e"), b"7\n8\n9\n")
        self.leat("topic", "trim", self.topic, "-o", "11", "-y", code=1)
        self.assertRegex(self.stderr, "nothing was removed: -p trims some partitions only")
        self.leat("topic", "trim", self.topic, "-o", "1:2", "-y", code=2)
        self.assertNotIn("FROM:TO", self.stderr)

    def test_remove_asks_at_a_terminal(self):
        self.create()
        for answer, code in ((b"n\n", 1), (b"y\n", 0)):
            ours, theirs = pty.openpty()
            process = self.popen("topic", "rm", self.topic, stdin=theirs, stderr=subprocess.PIPE)
            os.close(theirs)
            os.write(ours, answer)
            stderr = process.communicate()[1].decode()
            os.close(ours)
            self.assertIn("Delete for good? [y/N]", stderr)
            self.assertEqual(process.returncode, code, stderr)
        self.leat("topic", "describe", self.topic, code=3)

    def test_errors_have_their_exit_codes(self):
        self.create()
        self.leat("topic", "create", self.topic, code=5)
        self.leat("topic", "create", "../x", code=2)
        self.leat("topic", "describe", "nope", code=3)
        self.leat("produce", "nope", code=3)
        self.assertEqual(self.leat("consume", "nope", "-f", "json", code=3), b"")
        self.leat("consume", self.topic, "-o", "x", code=2)
        self.leat("consume", self.topic, "-f", "xml", code=2)
        self.leat("consume", code=2)
        self.leat("frobnicate", code=2)
        self.assertIn("frobnicate", self.stderr)
        self.leat("-s", "127.0.0.1:1", "topic", "ls", code=4)
        self.assertEqual(self.stderr.count("\n"), 1)
        self.leat("produce", self.topic, "--file", "/nonexistent", code=3)
        self.leat("produce", self.topic, "-f", "jsonl", stdin=b"{]\n", code=1)
        self.assertIn("line 1: ", self.stderr)

    def test_the_command_line_is_checked(self):
        self.create()
        for arguments, said in (
            (["consume", self.topic, "-n", "-1"], "'-1' is not a number"),
            (["consume", self.topic, "-p", "x"], "'x' is not a number"),
            (["consume", self.topic, "-p", "4294967296"], "4294967296 is too large"),
            (["-s", "127.0.0.1:99999", "topic", "ls"], "HOST:PORT"),
            (["-s", "http://127.0.0.1:7450", "topic", "ls"], "HOST:PORT"),
            (["consume", self.topic, self.topic], "named twice"),
            (["topic", "list"], "is it 'ls'?"),
            (["prodcue", self.topic], "is it 'produce'?"),
            (["produce", self.topic, "--fromat", "raw"], "is it '--format'?"),
        ):
            self.leat(*arguments, code=2)
            self.assertIn(said, self.stderr)
            self.assertEqual(self.stderr.count("\n"), 1, self.stderr)
        self.assertEqual(self.leat("--version"), self.leat("version"))
        self.assertEqual(self.leat("help", "topic", "trim"), self.leat("topic", "trim", "--help"))
        for verb in ([], ["serve"], ["consume"], ["produce"], ["topic", "create"]):
            text = self.leat(*verb, "--help").decode()
            self.assertLessEqual(max(map(len, text.splitlines())), 80)
            self.assertNotIn("UINT", text)
            self.assertNotIn("[]", text)

    def test_produce_to_a_partition_that_is_not_there(self):
        self.create()
        self.leat("produce", self.topic, "-p", "1", code=3)
        self.assertRegex(self.stderr, "has no partition 1, only 1")

    def test_produce_says_what_it_waits_for_and_gives_up_when_told_to(self):
        with tempfile.TemporaryDirectory() as directory:
            full = Server(os.path.join(directory, "data"), LEAT_STORAGE_MIN_FREE_BYTES="1TiB")
            leat = ["-s", full.listen]
            self.leat(*leat, "topic", "create", self.topic)
            self.leat(*leat, "produce", self.topic, "--timeout", "1500ms", stdin=b"x\n", code=4)
            first, last = self.stderr.splitlines()[:2]
            self.assertRegex(first, "still trying: .*free space")
            self.assertRegex(last, "not delivered within 1.5s: .*free space")
            producer = self.popen(
                *leat, "produce", self.topic, stdin=subprocess.PIPE, stderr=subprocess.PIPE
            )
            producer.stdin.write(b"x\n")
            producer.stdin.close()
            self.assertIn(b"still trying", producer.stderr.readline())
            producer.send_signal(signal.SIGINT)
            self.assertIn(b"waiting for 1 answer, interrupt again", producer.stderr.readline())
            producer.send_signal(signal.SIGINT)
            rest = producer.stderr.read().decode()
            producer.stderr.close()
            self.assertEqual(producer.wait(), 130)
            self.assertRegex(rest, "0 records.*1 (not|perhaps) appended")
            full.end(signal.SIGKILL)

    def test_an_idle_connection_does_not_delay_the_stop(self):
        with tempfile.TemporaryDirectory() as directory:
            server = Server(os.path.join(directory, "data"))
            host, port = server.listen.split(":")
            with socket.create_connection((host, int(port))) as idle:
                # HTTP/2 as far as the first settings; it never says goodbye.
                idle.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5))
                self.assertTrue(idle.recv(9))
                begin = time.monotonic()
                self.assertEqual(server.end(signal.SIGTERM), 0)
                self.assertLess(time.monotonic() - begin, 3)

    def test_follow_ends_with_an_interrupt(self):
        self.create()
        consumer = self.popen("consume", self.topic, stdout=subprocess.PIPE)
        for line in (b"first\n", b"second\n"):
            self.leat("produce", self.topic, stdin=line)
            self.assertEqual(consumer.stdout.readline(), line)
        consumer.send_signal(signal.SIGINT)
        self.assertEqual(consumer.wait(), 130)
        consumer.stdout.close()

    def test_damage_is_told_and_everything_else_is_read(self):
        self.create("--partitions", "2")
        lines = b"".join(b"%06d %s\n" % (i, b"x" * 500) for i in range(20_000))
        for partition in ("0", "1"):
            self.leat("produce", self.topic, "-p", partition, stdin=lines)
        topic_id = json.loads(self.leat("topic", "describe", self.topic, "-f", "json"))["topic"]["topic_id"]
        self.server.end(signal.SIGTERM)
        [segment] = pathlib.Path(self.server.directory, "topics", topic_id, "0").glob("*.log")
        with segment.open("r+b") as file:
            file.seek(segment.stat().st_size // 2)
            file.write(b"\xff\xff")
        self.server.start()
        whole = self.leat("consume", self.topic, "-p", "1", "-e")
        self.assertEqual(whole, lines)
        for _ in range(3):
            read = self.leat("consume", self.topic, "-e", "-f", "%p %v\\n", code=6)
            what, behind = self.stderr.split("; readable again from offset ")
            damaged_at = int(re.findall(r"offset (\d+)", what)[-1])
            readable_from = int(re.match(r"\d+", behind).group())
            per_partition = {b"0": [], b"1": []}
            for line in read.splitlines(keepends=True):
                per_partition[line[:1]].append(line[2:])
            self.assertEqual(b"".join(per_partition[b"1"]), lines)
            self.assertTrue(lines.startswith(b"".join(per_partition[b"0"])))
            self.assertEqual(len(per_partition[b"0"]), damaged_at)
            rest = self.leat("consume", self.topic, "-p", "0", "-o", str(readable_from), "-e")
            self.assertEqual(rest.splitlines(), lines.splitlines()[readable_from:])

    def test_follow_goes_on_when_the_server_comes_back(self):
        self.create()
        consumer = self.popen("consume", self.topic, stdout=subprocess.PIPE)
        self.leat("produce", self.topic, stdin=b"before\n")
        self.assertEqual(consumer.stdout.readline(), b"before\n")
        self.server.end(signal.SIGKILL)
        self.server.start()
        self.leat("produce", self.topic, stdin=b"after\n")
        self.assertEqual(consumer.stdout.readline(), b"after\n")
        consumer.terminate()
        self.assertEqual(consumer.wait(), 130)
        consumer.stdout.close()

    def test_produce_takes_lines_as_they_are_typed(self):
        self.create()
        producer = self.popen("produce", self.topic, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        consumer = self.popen("consume", self.topic, stdout=subprocess.PIPE)
        for line in (b"one\n", b"two\n"):
            producer.stdin.write(line)
            producer.stdin.flush()
            self.assertEqual(consumer.stdout.readline(), line)
        producer.send_signal(signal.SIGINT)
        self.assertEqual(producer.wait(), 130)
        producer.stdin.close()
        consumer.terminate()
        consumer.wait()
        consumer.stdout.close()

    def test_a_closed_pipe_ends_in_silence(self):
        self.create()
        self.leat("produce", self.topic, stdin=b"x" * 1000 + b"\n" + b"line\n" * 100_000)
        consumer = self.popen("consume", self.topic, "-e", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        consumer.stdout.read(1)
        consumer.stdout.close()
        self.assertEqual(consumer.stderr.read(), b"")
        consumer.stderr.close()
        self.assertEqual(consumer.wait(), 0)

    def test_several_topics_and_formats(self):
        self.create()
        other = self.topic + "-2"
        self.leat("topic", "create", other)
        self.leat("produce", self.topic, stdin=b"a\n")
        self.leat("produce", other, "--codec", "zstd", stdin=b"b" * 1000 + b"\n")
        both = self.leat("consume", self.topic, other, "-e", "-f", "%t=%V\\n").splitlines()
        self.assertCountEqual(both, [self.topic.encode() + b"=1", other.encode() + b"=1000"])
        listed = json.loads(self.leat("consume", self.topic, "-e", "-f", "json"))
        self.assertEqual([record["value"] for record in listed], ["a"])
        self.assertTrue(self.leat("consume", self.topic, "-e", "-f", "csv").startswith(b"topic,partition"))

    def test_a_group_goes_on_where_it_was(self):
        self.create("--partitions", "2")
        group = self.topic + "-group"
        self.leat("produce", self.topic, "--key-separator", ":", stdin=b"a:1\nb:2\nc:3\nd:4\n")
        first = self.leat("consume", self.topic, "-g", group, "-n", "3")
        rest = self.leat("consume", self.topic, "-g", group, "-n", "1", "--commit", "none")
        self.assertEqual(sorted((first + rest).split()), [b"1", b"2", b"3", b"4"])
        self.assertEqual(self.leat("consume", "-r", self.topic + ".*", "-g", group, "-n", "1"), rest)
        lag = self.leat("group", "lag", group, "-f", "csv").decode().splitlines()
        self.assertEqual([line.split(",")[5] for line in lag], ["LAG", "0", "0"])
        self.assertIn("caught up in 2 partitions", self.leat("group", "lag", group).decode())

    def test_a_group_is_shown_moved_and_removed(self):
        self.create()
        group = self.topic + "-group"
        self.leat("produce", self.topic, stdin=b"1\n2\n3\n")
        self.leat("consume", self.topic, "-g", group, "-n", "3")
        self.assertIn(group, self.leat("group", "ls", group).decode())
        plan = self.leat("group", "seek", group, "-o", "start", "--dry-run").decode()
        self.assertRegex(plan, r"0 +3 +0 +-3\n")
        self.leat("group", "seek", group, "-o", "start", code=2)  # Nobody to ask.
        self.leat("group", "seek", group, "--shift=-1", "-y")
        self.assertEqual(self.leat("consume", self.topic, "-g", group, "-n", "1"), b"3\n")

        member = self.popen("-q", "consume", self.topic, "-g", group, "--instance-id", "one", stdout=subprocess.PIPE)
        self.leat("produce", self.topic, stdin=b"4\n")
        self.assertEqual(member.stdout.readline(), b"4\n")
        described = json.loads(self.leat("group", "describe", group, "-f", "json"))
        self.assertEqual([m["instance_id"] for m in described["members"]], ["one"])
        for verb in (["seek", group, "-o", "1"], ["rm", group, "-y"]):
            self.leat("group", *verb, code=5)
            self.assertIn("--force", self.stderr)
        plan = self.leat("group", "seek", group, "-o", "1", "--dry-run").decode()
        self.assertRegex(plan, r"0 +4 +1 +-3\n")
        self.assertIn("--force", plan)
        self.leat("group", "seek", group, "-o", "2", "--force", "-y")
        self.assertEqual(member.stdout.readline(), b"3\n")
        member.send_signal(signal.SIGINT)
        self.assertEqual(member.wait(), 130)
        member.stdout.close()
        self.leat("group", "rm", group, "-y", "--force")
        self.leat("group", "describe", group, code=3)
        self.assertIn("leat group ls", self.stderr)

    def test_lag_is_watched(self):
        self.create()
        group = self.topic + "-group"
        self.leat("produce", self.topic, stdin=b"1\n2\n")
        self.leat("consume", self.topic, "-g", group, "-n", "1")
        watch = self.popen(
            "group", "lag", group, "--watch", "--interval", "20ms", "-f", "csv", stdout=subprocess.PIPE
        )

        def watched():
            self.assertIn(b",LAG,", watch.stdout.readline())
            return watch.stdout.readline().split(b",")[5]

        self.assertEqual([watched() for _ in range(3)], [b"1"] * 3)
        self.leat("produce", self.topic, stdin=b"3\n")
        while watched() != b"2":
            pass
        self.leat("consume", self.topic, "-g", group, "-n", "2")
        while watched() != b"0":
            pass
        watch.send_signal(signal.SIGINT)
        watch.stdout.read()
        self.assertEqual(watch.wait(), 130)
        watch.stdout.close()

    def test_a_group_reads_past_damage(self):
        self.create("--partitions", "2")
        group = self.topic + "-group"
        for partition in ("0", "1"):
            for value in (b"first", b"second", b"third"):
                self.leat("produce", self.topic, "-p", partition, stdin=value + partition.encode() + b"\n")
        topic_id = json.loads(self.leat("topic", "describe", self.topic, "-f", "json"))["topic"]["topic_id"]
        self.server.end(signal.SIGTERM)
        [segment] = pathlib.Path(self.server.directory, "topics", topic_id, "0").glob("*.log")
        content = segment.read_bytes()
        with segment.open("r+b") as file:
            file.seek(content.index(b"second0"))
            file.write(b"?")
        self.server.start()
        member = self.popen("-q", "consume", self.topic, "-g", group, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        read = [member.stdout.readline().strip() for _ in range(4)]
        self.assertCountEqual(read, [b"first0", b"first1", b"second1", b"third1"])
        self.assertIn(
            f"leat group seek {group} --topic {self.topic} -p 0 -o 2 --force".encode(), member.stderr.readline()
        )
        member.send_signal(signal.SIGINT)
        self.assertEqual(member.wait(), 6)
        lag = self.leat("group", "lag", group, "-f", "csv").decode().splitlines()
        self.assertEqual(lag[1], f"{group},{self.topic},0,1,3,2,-,-")
        member.stdout.close()
        member.stderr.close()
        self.leat("group", "seek", group, "--topic", self.topic, "-p", "0", "-o", "2", "-y")
        self.assertEqual(self.leat("consume", self.topic, "-g", group, "-n", "1"), b"third0\n")

    def test_a_group_member_survives_the_server(self):
        self.create("--partitions", "2")
        group = self.topic + "-group"
        member = self.popen("-q", "consume", self.topic, "-g", group, stdout=subprocess.PIPE)
        printed = []
        for i in range(4):
            line = b"%d\n" % i
            self.leat("produce", self.topic, stdin=line)
            while line not in printed:
                printed.append(member.stdout.readline())
            self.server.end(signal.SIGKILL)
            self.server.start()
        member.send_signal(signal.SIGINT)
        printed += member.stdout.readlines()
        self.assertEqual(member.wait(), 130)
        member.stdout.close()
        self.assertEqual(sorted(set(printed)), [b"0\n", b"1\n", b"2\n", b"3\n"])
        # What comes twice was not committed when the server was killed: no more than the last one each time.
        self.assertLessEqual(len(printed), 8)
        self.assertIn("caught up", self.leat("group", "lag", group).decode())

    def test_a_member_tells_what_happens_to_its_partitions(self):
        group = self.topic + "-group"
        member = self.popen(
            "consume", self.topic, "-g", group, "--instance-id", "one",
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        told = iter(member.stderr.readline, "")
        place = f"topic {self.topic} partition 0: "
        self.assertEqual(next(told), f"there is no topic '{self.topic}' yet: waiting for it to be made\n")
        self.create()
        self.assertEqual(next(told), place + "ours, from offset 0\n")
        self.leat("topic", "rm", self.topic, "-y")
        self.assertEqual(next(told), place + "gone with its topic\n")
        self.create()
        self.assertEqual(next(told), place + "ours, from offset 0\n")
        self.leat("produce", self.topic, stdin=b"1\n")
        self.leat("group", "seek", group, "-o", "end", "--force", "-y")
        self.assertEqual(next(told), place + "moved to offset 1\n")
        self.server.end(signal.SIGKILL)
        self.assertIn("connection lost", next(told))
        self.server.start()
        self.assertIn("joined again\n", told)
        member.send_signal(signal.SIGINT)
        self.assertIn(place + "kept for a restart at offset 1\n", told)
        self.assertEqual(member.wait(), 130)
        member.stderr.close()

    def test_a_name_that_is_empty_does_not_mean_all_or_none(self):
        self.create()
        group = self.topic + "-group"
        self.leat("produce", self.topic, stdin=b"1\n")
        self.leat("consume", self.topic, "-g", group, "-n", "1")
        self.assertEqual(self.leat("consume", self.topic, "-g", "", "-n", "1", code=2), b"")
        self.leat("consume", self.topic, "-g", group, "--instance-id", "", "-n", "1", code=2)
        self.leat("group", "seek", group, "-o", "start", "--topic", "", "-y", code=2)
        self.assertIn("must not be empty", self.stderr)
        self.leat("group", "lag", group, "--watch", "--interval", "0s", code=2)
        self.assertIn("caught up in 1 partition\n", self.leat("group", "lag", group).decode())

    def test_a_group_refuses_what_it_cannot_do(self):
        self.create()
        for arguments in (["-p", "0"], ["-e"], ["-o", "5"], ["-o", "start:end"], ["--commit", "maybe"]):
            self.leat("consume", self.topic, "-g", "g", *arguments, code=2)
        self.leat("consume", self.topic, "--instance-id", "x", code=2)
        self.leat("consume", self.topic, "-g", "../g", code=2)
        self.leat("consume", "-r", "(", "-g", "g", code=2)
        self.leat("consume", "-r", "nothing-like-that", code=3)
        self.leat("group", "seek", "g", code=2)
        self.leat("group", "seek", "g", "-o", "+5", code=2)
        self.assertIn("--shift", self.stderr)
        self.leat("group", "lag", "nobody", code=3)

    def test_server_verbs(self):
        info = json.loads(self.leat("server", "info", "-f", "json"))
        self.assertIn(info["version"], self.leat("version").decode())
        self.assertEqual(self.leat("server", "health"), b"serving\n")
        for shell in ("bash", "zsh", "fish"):
            self.assertIn(b"add-partitions", self.leat("completion", shell))
            self.assertIn(b"instance-id", self.leat("completion", shell))
        subprocess.run(["bash", "-n"], input=self.leat("completion", "bash"), check=True)

    def test_serve_checks_its_configuration(self):
        config = pathlib.Path(self.directory.name, "leat.toml")
        config.write_bytes(self.leat("serve", "--print-config", "--data-dir", "/somewhere"))
        self.assertIn("/somewhere", config.read_text())
        self.leat("serve", "--check-config", "--config", str(config))
        config.write_text("data_dri = 1\n")
        self.leat("serve", "--check-config", "--config", str(config), code=2)
        self.assertIn("data_dri", self.stderr)

    def test_two_servers_on_one_directory(self):
        self.leat("serve", "--data-dir", self.server.directory, "--listen", "127.0.0.1:0", code=1)
        self.assertIn(self.server.directory, self.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
