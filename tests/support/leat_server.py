"""A real server for end-to-end tests, in a process and a data directory of its own. Needs `//cli:leat` among the test's data."""

import os
import re
import signal
import subprocess
import tempfile
import unittest

LEAT = os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"], "cli/leat")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}


class Server:
    """A server process on a free port. `end` ends it, `start` begins it again in the same place. `settings` are variables."""

    def __init__(self, directory, **settings):
        self.directory = directory
        self.environment = dict(ENVIRONMENT, **settings)
        self.listen = "127.0.0.1:0"
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [LEAT, "serve", "--data-dir", self.directory, "--listen", self.listen],
            stderr=subprocess.PIPE,
            env=self.environment,
        )
        line = ""
        while not re.search(r"127\.0\.0\.1:\d+", line):
            line = self.process.stderr.readline().decode()
            if not line:
                self.process.stderr.close()
                self.process.wait()
                raise RuntimeError("the server ended before it listened")
        self.listen = re.search(r"127\.0\.0\.1:\d+", line).group()

    def end(self, number):
        self.process.send_signal(number)
        self.process.stderr.read()
        self.process.stderr.close()
        return self.process.wait()


class ServerTest(unittest.TestCase):
    """Tests that share a server, which must end well."""

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.server = Server(os.path.join(cls.directory.name, "data"))

    @classmethod
    def tearDownClass(cls):
        code = cls.server.end(signal.SIGTERM)
        cls.directory.cleanup()
        assert code == 0, code
