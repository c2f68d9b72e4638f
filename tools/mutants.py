#!/usr/bin/python3
"""Breaks the code in one place at a time, and sees whether a test notices.

  tools/mutants.py [--list] [NAME...]

The mutants stand in mutants_list.py. Each is made in a copy of the tree, outside of it, built, and must make one of its tests fail. All of these
tests pass on the copy as it is, or the run ends there. NAME picks the mutants whose name or file holds it. Exit code 1 when one survives,
does not build, or no longer finds its place.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

from mutants_list import MUTANTS

TREE = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
COPY = CACHE / "leat" / "mutants"

# Of Bazel's exit codes.
PASSED, BUILD_FAILED, TESTS_FAILED = 0, 1, 3


def copy_tree():
    """Makes COPY hold what git knows or would add. What did not change stays as it is, so that little is built again."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=TREE, check=True, capture_output=True
    ).stdout
    names = {name for name in map(os.fsdecode, listed.split(b"\0")) if name and (TREE / name).is_file()}
    for path in COPY.rglob("*") if COPY.exists() else []:
        if path.is_file() and str(path.relative_to(COPY)) not in names:
            path.unlink()
    for name in names:
        source, target = TREE / name, COPY / name
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        target.chmod(source.stat().st_mode)


def test(targets):
    """Builds and runs tests up to the first that fails; Bazel's exit code and what it printed."""
    # The build of `./dev asan`, which is there already.
    command = ["bazel", "test", "--config=asan", "--curses=no", "--test_output=summary", "--notest_keep_going", "--test_timeout=300",
               "--test_tmpdir=/tmp/leat-mutants", "--", *targets]  # fmt: skip
    process = subprocess.run(command, cwd=COPY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return process.returncode, process.stdout


def mutated(mutant):
    """The text of the mutant's file; None when its place is not there, or not the only one."""
    text = (COPY / mutant.file).read_text()
    return text.replace(mutant.code, mutant.instead) if text.count(mutant.code) == 1 else None


def try_mutant(mutant):
    """What became of a mutant, and whether that is well."""
    text = mutated(mutant)
    if text is None:
        return "its place is not to be found once in " + mutant.file, False
    path = COPY / mutant.file
    before = path.read_text()
    path.write_text(text)
    try:
        code, printed = test(mutant.tests)
    finally:
        path.write_text(before)
    if code == PASSED:
        return "SURVIVED", False
    if code != TESTS_FAILED:
        return "does not build:\n" + printed, False
    return "found by " + ", ".join(re.findall(r"^(//\S+) +(?:FAILED|TIMEOUT)", printed, re.M)), True


def chosen(names):
    wanted = lambda mutant: any(name in mutant.name or name in mutant.file for name in names)  # noqa: E731
    return [mutant for mutant in MUTANTS if not names or wanted(mutant)]


def check_sound(mutants):
    print("the tests, on the code as it is", flush=True)
    code, printed = test(sorted({target for mutant in mutants for target in mutant.tests}))
    if code != PASSED:
        sys.exit(printed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print the mutants and their tests, and try none")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    mutants = chosen(arguments.names)
    if arguments.list:
        for mutant in mutants:
            print("%s: %s; %s" % (mutant.file, mutant.name, " ".join(mutant.tests)))
        return 0
    copy_tree()
    check_sound(mutants)
    failed = 0
    for number, mutant in enumerate(mutants, 1):
        begin = time.monotonic()
        outcome, well = try_mutant(mutant)
        failed += not well
        print("%d of %d, %d s: %s: %s" % (number, len(mutants), time.monotonic() - begin, mutant.name, outcome), flush=True)
    subprocess.run(["bazel", "shutdown"], cwd=COPY, check=True)
    print("%d mutants, %d found, %d not" % (len(mutants), len(mutants) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
