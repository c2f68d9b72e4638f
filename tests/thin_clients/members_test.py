#!/usr/bin/python3
"""A group whose members are written in four languages shares one topic, while one of them is killed, one restarted, and the server
killed and restarted: every event is processed, and twice only what was not committed when something was killed."""

import collections
import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"])
sys.path.insert(0, os.path.join(ROOT, "tests/support"))
from leat_server import ENVIRONMENT, LEAT, Server  # noqa: E402

HERE = os.path.join(ROOT, "tests/thin_clients")
TOPIC, GROUP, PARTITIONS = "events", "workers", 12
PATIENCE_SECONDS = 180

# One line of a member: where a record lies, which event it is, and whether the server had been killed when it was printed.
Line = collections.namedtuple("Line", "life place event after_kill")


class Life:
    """A process that is a member, from its start to its end."""

    def __init__(self, name, command, environment):
        self.name, self.count, self.killed = name, 0, False
        self.process = subprocess.Popen(
            command, env=dict(ENVIRONMENT, **environment), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )


class MembersTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.server = Server(os.path.join(self.directory.name, "data"))
        self.lines, self.events, self.produced = [], set(), 0
        self.produced_before_kill = None
        self.changed = threading.Condition()
        self.lives, self.readers = [], []
        self.leat("topic", "create", TOPIC, "--partitions", str(PARTITIONS))

    def tearDown(self):
        for life in self.lives:
            life.process.kill()
            life.process.wait()
        for reader in self.readers:
            reader.join()
        for life in self.lives:
            life.process.stdout.close()
        self.assertEqual(self.server.end(signal.SIGTERM), 0)
        self.directory.cleanup()

    # --- The cast ---

    def leat(self, *arguments, stdin=b""):
        return subprocess.run(
            [LEAT, "-s", self.server.listen, *arguments], env=ENVIRONMENT, input=stdin, check=True, stdout=subprocess.PIPE
        ).stdout.decode()

    def produce(self, count):
        """Appends so many events; all are acknowledged when this returns."""
        events = range(self.produced, self.produced + count)
        lines = "".join(f"key{i}:event{i}\n" for i in events)
        self.leat("-q", "produce", TOPIC, "--key-separator", ":", stdin=lines.encode())
        with self.changed:
            self.produced += count

    def start(self, name):
        node_modules = os.environ.get("NODE_PATH", "")
        self.assertTrue(os.path.isdir(node_modules), "NODE_PATH names no folder: run this test with ./dev")
        member = [self.server.listen, GROUP, TOPIC]
        protos = [os.path.join(ROOT, "proto"), os.path.join(ROOT, "third_party/googleapis")]
        command, environment = {
            "python": (
                ["/usr/bin/python3", os.path.join(HERE, "member.py"), *member],
                {"PYTHONPATH": os.path.join(HERE, "stubs")},
            ),
            "node": (
                [shutil.which("node"), os.path.join(HERE, "member.js"), *member, *protos],
                {"NODE_PATH": node_modules},
            ),
            "java": (["/usr/bin/java", "-XX:+UseSerialGC", "-jar", os.path.join(HERE, "member.jar"), *member], {}),
            "leat": ([LEAT, "-s", self.server.listen, "consume", TOPIC, "-g", GROUP, "-f", "%p %o %v\\n"], {}),
        }[name]
        life = Life(name, command, environment)
        self.lives.append(life)
        self.readers.append(threading.Thread(target=self.read, args=[life]))
        self.readers[-1].start()
        return life

    def read(self, life):
        for text in life.process.stdout:
            match = re.fullmatch(r"(\d+) (\d+) event(\d+)\n", text.decode())
            if match is None:
                continue  # Cut off by a kill.
            with self.changed:
                place, event = (int(match[1]), int(match[2])), int(match[3])
                self.lines.append(Line(life, place, event, self.produced_before_kill is not None))
                self.events.add(event)
                life.count += 1
                self.changed.notify_all()

    def kill(self, life, number):
        self.pile_up_work([life])
        life.killed = True
        life.process.send_signal(number)
        life.process.wait()

    def kill_server(self):
        self.pile_up_work([life for life in self.lives if not life.killed])
        with self.changed:
            self.produced_before_kill = self.produced
        self.server.end(signal.SIGKILL)
        self.server.start()

    def pile_up_work(self, lives):
        """Returns when these are in the middle of work."""
        for life in lives:
            life.process.send_signal(signal.SIGSTOP)
        self.produce(12_000)
        goals = {life: life.count + 10 for life in lives}
        for life in lives:
            life.process.send_signal(signal.SIGCONT)
        self.wait("a beginning", lambda: all(life.count >= goal for life, goal in goals.items()))

    # --- Waiting ---

    def wait(self, what, condition):
        with self.changed:
            self.assertTrue(self.changed.wait_for(condition, PATIENCE_SECONDS), f"not in time: {what}")

    def work_until(self, what, condition):
        """Produces, no faster than the members work, until they have come so far."""
        while not condition():
            self.produce(300)
            self.wait(what, lambda: len(self.events) > self.produced - 3_000 or condition())

    def work_on(self, lives, count):
        """Every one of these members gets so many more events."""
        goals = {life: life.count + count for life in lives}
        self.work_until(
            "work of " + ", ".join(life.name for life in lives),
            lambda: all(life.count >= goal for life, goal in goals.items()),
        )

    # --- The play ---

    def test_every_event_is_processed(self):
        python, node, java, leat = (self.start(name) for name in ("python", "node", "java", "leat"))
        self.work_on([python, node, java, leat], 200)
        self.assertEqual(len(self.lines), len({line.place for line in self.lines}), "a hand-over repeats nothing")

        self.kill(python, signal.SIGKILL)
        self.work_on([node, java, leat], 200)

        self.kill(node, signal.SIGTERM)
        node = self.start("node")
        self.work_on([node, java, leat], 200)

        self.kill_server()
        self.work_on([node, java, leat], 200)

        self.wait("all events", lambda: len(self.events) == self.produced)
        self.assertEqual(self.events, set(range(self.produced)))
        self.check_repetitions()
        self.check_lag()
        leat.process.send_signal(signal.SIGINT)
        self.assertEqual(leat.process.wait(), 130)

    def check_repetitions(self):
        first, repeated = {}, collections.Counter()
        for line in self.lines:
            before = first.setdefault(line.place, line)
            if before is line:
                continue
            self.assertEqual(before.event, line.event, line.place)
            if before.life.killed:
                repeated[f"after {before.life.name} was killed"] += 1
            elif line.after_kill and line.event < self.produced_before_kill:
                repeated["after the server was killed"] += 1
            else:
                self.fail(f"{line.place} was processed twice without need, by {before.life.name} and {line.life.name}")
        shares = collections.Counter(line.life.name for line in self.lines)
        print(f"{self.produced} events, none lost; processed by", dict(shares))
        print(f"{sum(repeated.values())} of them twice:", dict(repeated) or "-", flush=True)

    def check_lag(self):
        """What was printed last is committed a moment later."""
        while True:
            described = list(csv.DictReader(self.leat("group", "lag", GROUP, "-f", "csv").splitlines()))
            self.assertEqual(len(described), PARTITIONS)
            if all(row["LAG"] == "0" for row in described):
                return


class SourceTest(unittest.TestCase):
    def test_a_member_is_short(self):
        """As promised: at most 30 lines in any language, below the imports."""
        for name in ("member.py", "member.js", "Member.java"):
            with open(os.path.join(HERE, name), encoding="utf-8") as source:
                lines = [line.strip() for line in source.read().split('"""')[-1].splitlines()]
            code = [
                line
                for line in lines
                if line and not re.match(r"//|'use strict'|import |from |const .*require", line)
            ]
            self.assertLessEqual(len(code), 30, name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
