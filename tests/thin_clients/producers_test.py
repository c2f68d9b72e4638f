#!/usr/bin/python3
"""Idempotent producers written from generated stubs alone, in two languages: the server is killed under them, they are killed and started
again, and every line of their input is in the log once, in order."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"])
sys.path.insert(0, os.path.join(ROOT, "tests/support"))
from leat_server import ENVIRONMENT, LEAT, Server  # noqa: E402

HERE = os.path.join(ROOT, "tests/thin_clients")
LINES = [f"line {number}" for number in range(300)]


class ProducersTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.server = Server(os.path.join(self.directory.name, "data"))

    def tearDown(self):
        self.assertEqual(self.server.end(signal.SIGTERM), 0)
        self.directory.cleanup()

    def leat(self, *arguments):
        return subprocess.run(
            [LEAT, "-s", self.server.listen, *arguments], env=ENVIRONMENT, check=True, stdout=subprocess.PIPE
        ).stdout.decode()

    def produce(self, command, environment, lines, after=None, then=None):
        """Runs a producer; once it has printed `after` lines, runs `then(process)`. Gives its exit code."""
        with tempfile.TemporaryFile() as text, tempfile.TemporaryFile() as errors:
            text.write("".join(line + "\n" for line in lines).encode())
            text.seek(0)
            process = subprocess.Popen(
                command, env=dict(ENVIRONMENT, **environment), stdin=text, stdout=subprocess.PIPE, stderr=errors
            )
            for count, _ in enumerate(process.stdout, start=1):
                if count == after:
                    then(process)
            process.stdout.close()
            code = process.wait()
            errors.seek(0)
            self.errors = errors.read().decode()
            return code

    def kill_server(self, _):
        self.server.end(signal.SIGKILL)
        self.server.start()

    def check(self, topic, command, environment):
        self.leat("topic", "create", topic, "--partitions", "1")
        killed = self.produce(command, environment, LINES[:200], after=50, then=lambda process: process.kill())
        self.assertEqual(killed, -signal.SIGKILL)
        self.assertEqual(self.produce(command, environment, LINES, after=100, then=self.kill_server), 0, self.errors)
        self.assertEqual(self.leat("consume", topic, "-e").splitlines(), LINES + ["end"])

    def test_python(self):
        command = ["/usr/bin/python3", os.path.join(HERE, "producer.py"), self.server.listen, "python", "p"]
        self.check("python", command, {"PYTHONPATH": os.path.join(HERE, "stubs")})

    def check_ids(self, topic, command, environment):
        """Records with ids, sent by two that know nothing of each other, over a server that is killed."""
        self.leat("topic", "create", topic, "--partitions", "3", "--set", "deduplication_time=1h")
        lines = [f"id{number} {topic}" for number in range(300)]
        self.assertEqual(self.produce(command, environment, lines[:200], after=20, then=self.kill_server), 0, self.errors)
        self.assertEqual(self.produce(command, environment, lines[100:] + lines[:50], after=20, then=self.kill_server), 0, self.errors)
        self.assertEqual(sorted(self.leat("consume", topic, "-e").splitlines()), sorted(lines))

    def test_message_ids_python(self):
        command = ["/usr/bin/python3", os.path.join(HERE, "message_ids.py"), self.server.listen, "ids-python"]
        self.check_ids("ids-python", command, {"PYTHONPATH": os.path.join(HERE, "stubs")})

    def test_message_ids_node(self):
        modules = os.environ.get("NODE_PATH", "")
        self.assertTrue(os.path.isdir(modules), "NODE_PATH names no folder: run this test with ./dev")
        command = [shutil.which("node"), os.path.join(HERE, "message_ids.js"), self.server.listen, "ids-node"]
        command += [os.path.join(ROOT, "proto"), os.path.join(ROOT, "third_party/googleapis")]
        self.check_ids("ids-node", command, {"NODE_PATH": modules})

    def test_node(self):
        modules = os.environ.get("NODE_PATH", "")
        self.assertTrue(os.path.isdir(modules), "NODE_PATH names no folder: run this test with ./dev")
        command = [shutil.which("node"), os.path.join(HERE, "producer.js"), self.server.listen, "node", "p"]
        command += [os.path.join(ROOT, "proto"), os.path.join(ROOT, "third_party/googleapis")]
        self.check("node", command, {"NODE_PATH": modules})


if __name__ == "__main__":
    unittest.main(verbosity=2)
