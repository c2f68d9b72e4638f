#!/usr/bin/python3
"""`leat produce` on conditions, against a real server that is killed in between."""

import os
import re
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"], "tests/support"))
from leat_server import ENVIRONMENT, LEAT, ServerTest  # noqa: E402


class ConditionalProduceTest(ServerTest):
    def leat(self, *arguments, stdin=b"", code=0):
        """Runs a verb; its standard output. Its standard error is in self.stderr."""
        process = subprocess.run(
            [LEAT, *arguments], env=dict(ENVIRONMENT, LEAT_SERVER=self.server.listen), input=stdin, capture_output=True
        )
        self.stderr = process.stderr.decode()
        self.assertEqual(process.returncode, code, (arguments, self.stderr))
        return process.stdout

    def test_produce_only_where_expected(self):
        self.leat("topic", "create", "log", "--partitions", "2")
        at = ["produce", "log", "-p", "1", "--expected-offset"]
        self.leat(*at, "0", stdin=b"a\nb\n")
        self.leat(*at, "1", stdin=b"c\n", code=5)
        self.leat(*at, "2", stdin=b"c\n")
        self.assertEqual(self.leat("consume", "log", "-p", "1", "-e"), b"a\nb\nc\n")
        self.leat("produce", "log", "--expected-offset", "0", stdin=b"c\n", code=2)
        self.leat(*at, "-1", stdin=b"c\n", code=2)
        self.leat(*at, "3", code=2)

    def test_produce_only_where_a_key_is_not(self):
        self.leat("topic", "create", "carts", "--partitions", "3")
        self.leat("produce", "carts", "--expected-key-offset", "0", stdin=b"a\n", code=2)
        add = ["produce", "carts", "-p", "2", "--key-separator", ":", "--expected-key-offset"]
        self.leat(*add, "0", stdin=b"cart:apple\n", code=1)
        self.assertIn("leat topic set carts checked_keys=", self.stderr)
        self.leat("topic", "set", "carts", "checked_keys=1000")
        self.assertIn("checked_keys=1000", self.leat("topic", "describe", "carts").decode())
        self.leat(*add, "0", stdin=b"cart:apple\ncart:pear\n")
        self.leat(*add, "1", stdin=b"cart:plum\n", code=5)
        self.assertIn("the key's last record is at offset 1", self.stderr)
        self.leat(*add, "2", stdin=b"no key\n", code=2)
        self.leat(*add, "-1", stdin=b"cart:plum\n", code=2)
        # Nobody knows what came before, until it was read.
        self.server.end(signal.SIGKILL)
        self.server.start()
        self.leat(*add, "0", stdin=b"cart:plum\n", code=5)
        horizon = re.search(r"before offset (\d+) is not known", self.stderr).group(1)
        self.leat(*add, horizon, stdin=b"cart:plum\n")
        self.assertEqual(self.leat("consume", "carts", "-e", "-f", "%k %v\\n"), b"cart apple\ncart pear\ncart plum\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
