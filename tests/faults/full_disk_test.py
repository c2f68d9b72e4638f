#!/usr/bin/python3
"""A real server on a small file system of its own that fills up, and on one that cannot be written to.

Needs to mount a tmpfs; where that is not allowed it says so and is skipped.
"""

import os
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"], "tests/support"))
from leat_server import ENVIRONMENT, LEAT, Server  # noqa: E402

MIB = 1 << 20
DISK_MIB = 48


def mount(*arguments):
    return subprocess.run(["mount", *arguments], capture_output=True, text=True)


class FullDiskTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.disk = directory.name
        mounted = mount("-t", "tmpfs", "-o", "size=%dm" % DISK_MIB, "tmpfs", self.disk)
        if mounted.returncode != 0:
            self.skipTest("SKIPPED: no file system may be mounted here: " + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.disk], check=True)
        self.data = os.path.join(self.disk, "data")

    def leat(self, *arguments, stdin=b"", code=0):
        process = subprocess.run(
            [LEAT, *arguments],
            env=dict(ENVIRONMENT, LEAT_SERVER=self.server.listen),
            input=stdin,
            capture_output=True,
            timeout=120,
        )
        self.stderr = process.stderr.decode()
        self.assertEqual(process.returncode, code, (arguments, self.stderr))
        return process.stdout.decode()

    def fill(self):
        """Produces until the server refuses; the lines that it took."""
        taken = []
        for _ in range(10 * DISK_MIB):
            line = "%08d" % len(taken) + "x" * (MIB // 2)
            process = subprocess.run(
                [LEAT, "produce", "t", "--timeout", "10s"],
                env=dict(ENVIRONMENT, LEAT_SERVER=self.server.listen),
                input=line.encode(),
                capture_output=True,
                timeout=120,
            )
            if process.returncode != 0:
                self.refusal = process.stderr.decode()
                return taken
            taken.append(line)
        self.fail("the disk never filled")

    def produce_resumes(self):
        # The watch looks once a second; producing waits for it with its own patience.
        for _ in range(30):
            process = subprocess.run(
                [LEAT, "produce", "t"],
                env=dict(ENVIRONMENT, LEAT_SERVER=self.server.listen),
                input=b"resumed",
                capture_output=True,
                timeout=120,
            )
            if process.returncode == 0:
                return True
        return False

    def check_full_and_resumed(self, **settings):
        self.server = Server(self.data, **settings)
        self.leat("topic", "create", "t", "--set", "segment_bytes=1MiB")
        taken = self.fill()
        self.assertRegex(self.refusal, "(?i)disk|space")
        self.assertEqual(self.leat("consume", "t", "-e").splitlines(), taken)
        keep = len(taken) // 4
        self.leat("topic", "trim", "t", "-o", "-%d" % keep, "-y")
        self.assertTrue(self.produce_resumes())
        self.assertEqual(self.leat("consume", "t", "-e").splitlines(), taken[-keep:] + ["resumed"])
        self.assertEqual(self.server.end(signal.SIGKILL), -signal.SIGKILL)
        self.server.start()
        self.assertEqual(self.leat("consume", "t", "-e").splitlines(), taken[-keep:] + ["resumed"])
        self.assertIn("online", self.leat("topic", "describe", "t"))
        self.assertEqual(self.server.end(signal.SIGTERM), 0)

    def test_below_the_mark_producing_stops_and_resumes(self):
        self.check_full_and_resumed(LEAT_STORAGE_MIN_FREE_BYTES=str(16 * MIB))

    def test_without_a_mark_the_full_disk_stops_it(self):
        self.check_full_and_resumed(LEAT_STORAGE_MIN_FREE_BYTES="0")

    def test_a_file_system_that_is_read_only_is_refused(self):
        self.server = Server(self.data, LEAT_STORAGE_MIN_FREE_BYTES="0")
        self.leat("topic", "create", "t")
        self.leat("produce", "t", stdin=b"a")
        self.assertEqual(self.server.end(signal.SIGTERM), 0)
        self.assertEqual(mount("-o", "remount,ro", self.disk).returncode, 0)
        with self.assertRaises(RuntimeError):
            self.server.start()
        # Looking at it needs no writing.
        self.leat("segment", "verify", self.data)
        self.assertEqual(mount("-o", "remount,rw", self.disk).returncode, 0)
        self.server.start()
        self.assertEqual(self.leat("consume", "t", "-e"), "a\n")
        self.assertEqual(self.server.end(signal.SIGTERM), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
