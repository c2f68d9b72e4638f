"""Servers and load programs of a run: each dies with it, whatever ends it, and what they wrote goes with them."""

import contextlib
import ctypes
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

READY_SECONDS = 60
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """A program could not be had or started, did not do what it should, or said something else than expected; the text tells."""


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def directory(parent, name):
    """A new directory below `parent` that is gone at the end."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=f"leat-peers-{name}-", dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def start(command, output, errors, environment):
    """A child of ours, in a session of its own: Ctrl-C reaches this program alone, which then ends the others."""
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, text=True, errors="replace",
                                env=environment, start_new_session=True, preexec_fn=die_with_parent)  # fmt: skip
    except OSError as error:
        raise Failed(f"{command[0]} is not installed, or does not start: {error.strerror}") from error


def last_lines(path, count=5):
    return "\n".join(path.read_text(errors="replace").splitlines()[-count:])


@contextlib.contextmanager
def server(command, port, log, environment=None):
    """Runs `command` until the end of the block, which begins when it listens on `port` of loopback. Its output goes to `log`."""
    with open(log, "wb") as output:
        child = start(command, output, output, environment)
    try:
        await_port(child, port, log)
        yield child
    finally:
        # What it holds is thrown away: no need to wait for an orderly stop.
        child.kill()
        child.wait()


def await_port(child, port, log):
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise Failed(f"{child.args[0]} ended with {child.returncode}: {last_lines(log)}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Failed(f"{child.args[0]} does not listen after {READY_SECONDS} s: {last_lines(log)}")


def output_of(command, timeout_seconds=300, environment=None):
    """What a tool writes to standard output. Failed when it is not there, fails, or takes too long."""
    child = start(command, subprocess.PIPE, subprocess.PIPE, environment)
    try:
        output, errors = child.communicate(timeout=timeout_seconds)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{command[0]} took more than {timeout_seconds} s") from error
    finally:
        child.kill()
        child.wait()
    if child.returncode != 0:
        raise Failed(f"{command[0]} ended with {child.returncode}: " + " / ".join((errors + output).splitlines()[-5:]))
    return output


def found(pattern, output):
    """The match of a pattern that a tool's output has to hold."""
    match = re.search(pattern, output)
    if match is None:
        raise Failed("a tool said: " + " / ".join(output.splitlines()[-5:]))
    return match
