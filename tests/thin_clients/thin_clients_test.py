#!/usr/bin/python3
"""Clients written from generated stubs alone, in two languages, against a real server."""

import os
import shutil
import subprocess
import sys
import unittest

ROOT = os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"])
sys.path.insert(0, os.path.join(ROOT, "tests/support"))
from leat_server import ServerTest  # noqa: E402

HERE = os.path.join(ROOT, "tests/thin_clients")


class ThinClientsTest(ServerTest):
    def run_client(self, *command, **environment):
        subprocess.run(command, env={"PATH": os.environ["PATH"], **environment}, check=True, timeout=60)

    def test_python(self):
        self.run_client(
            "/usr/bin/python3",
            os.path.join(HERE, "client.py"),
            self.server.listen,
            PYTHONPATH=os.path.join(HERE, "stubs"),
        )

    def test_node(self):
        modules = os.environ.get("NODE_PATH", "")
        self.assertTrue(os.path.isdir(modules), "NODE_PATH names no folder: run this test with ./dev")
        self.run_client(
            shutil.which("node"),
            os.path.join(HERE, "client.js"),
            self.server.listen,
            os.path.join(ROOT, "proto"),
            os.path.join(ROOT, "third_party/googleapis"),
            NODE_PATH=modules,
        )


if __name__ == "__main__":
    unittest.main(verbosity=2)
