"""py-lmdb's own test suite, unchanged, with ``zlmdb.lmdb`` in the place of ``lmdb``.

The suite is in the source distribution of lmdb, of the same release as the installed one.
Unpack it, name its directory in ``ZLMDB_PYLMDB_SUITE`` and run this file.
Nothing is downloaded, and nothing is written into the suite.

Each combination of implementation (C extension, CFFI) and default format (LMDB 0.9, 1.0) that is installed
runs twice, on ``lmdb`` and on ``zlmdb.lmdb``, and must give the same outcome test by test,
without a failure on ours.
The stand-in reaches all test modules, ``lmdb.aio``, ``lmdb.tool`` (the suite calls its ``main``),
``lmdb.verify``, and the processes that the suite forks, starts as scripts or spawns.
The suite itself never runs ``python -m lmdb``; the tests of the facade do.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import lmdb
import pytest

import zlmdb.lmdb

HERE = Path(__file__).resolve().parent
SUITE_VARIABLE = "ZLMDB_PYLMDB_SUITE"
WORST_LAST = ("passed", "skipped", "failed")
# Release 3.0.0 has 546 tests; 9 to 23 of them do not apply, depending on implementation and format.
MIN_PASSED = 520
# A process of py-lmdb's suite that hangs should not hang ours; an undisturbed run takes about 10 seconds.
TIMEOUT = 400

pytestmark = pytest.mark.timeout(3 * TIMEOUT)


@pytest.fixture(scope="module")
def suite() -> Path:
    given = os.environ.get(SUITE_VARIABLE)
    if not given:
        pytest.skip(
            f"py-lmdb's test suite was not given: unpack the source distribution of lmdb {lmdb.__version__} "
            f"and set {SUITE_VARIABLE}=/path/to/lmdb-{lmdb.__version__}"
        )
    root = Path(given).resolve()
    if not (root / "tests" / "testlib.py").is_file():
        pytest.fail(f"{SUITE_VARIABLE} should name an unpacked source distribution of lmdb, but {root} has no tests")
    release = re.search(r"^Version: (.+)$", (root / "PKG-INFO").read_text(encoding="utf-8"), re.MULTILINE)
    if release is None or release[1] != lmdb.__version__:
        pytest.fail(
            f"the suite in {root} is of lmdb {release and release[1]}, but {lmdb.__version__} is installed: "
            f"unpack the source distribution of the same release"
        )
    return root


@dataclass
class Run:
    """What came out of one run of the suite."""

    code: int
    output: str
    outcomes: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    processes: list[list[str]] = field(default_factory=list)


def environment(tmp: Path, standin: bool, settings: dict[str, str]) -> dict[str, str]:
    """The environment variables for a process that finds zlmdb.lmdb (or just lmdb) when it imports lmdb."""
    tmp.mkdir()
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("LMDB_", "PYTEST_", "PYTHONPATH"))}
    package_root = Path(zlmdb.lmdb.__file__).resolve().parents[2]
    path = [str(HERE / "standin"), str(package_root)] if standin else []
    return (
        inherited
        | settings
        | {
            "PYTHONPATH": os.pathsep.join([*path, str(HERE)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "TMPDIR": str(tmp),
            "ZLMDB_STANDIN_LOG": str(tmp / "processes"),
            "ZLMDB_STANDIN_REPORT": str(tmp / "report"),
        }
    )


def run_suite(suite: Path, tmp: Path, standin: bool, settings: dict[str, str]) -> Run:
    env = environment(tmp, standin, settings)
    # From the directory of the suite, "lmdb" would be its sources; -m "" lifts the suite's own deselection.
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "standin_report",
        "-m",
        "",
    ]
    command += ["-c", str(suite / "pyproject.toml"), "--rootdir", str(suite), str(suite / "tests")]
    done = subprocess.run(command, cwd=tmp, env=env, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    run = Run(done.returncode, (done.stdout + done.stderr)[-4000:])
    for line in (tmp / "report").read_text(encoding="utf-8").splitlines() if (tmp / "report").exists() else []:
        kind, name, *rest = json.loads(line)
        if kind == "module":
            run.modules[name] = rest[0]
        else:
            run.outcomes[name] = max(run.outcomes.get(name, "passed"), rest[0], key=WORST_LAST.index)
            if rest[1]:
                run.failures[name] = rest[1]
    if standin:
        run.processes = [json.loads(line) for line in (tmp / "processes").read_text().splitlines()]
    return run


def require_implementation(settings: dict[str, str]) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith("LMDB_")} | settings
    code = "import lmdb, sys; sys.stdout.write(lmdb.Environment.__module__)"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    wanted = "lmdb.cffi" if "LMDB_FORCE_CFFI" in settings else "builtins"
    if done.returncode != 0 or done.stdout != wanted:
        reason = done.stderr.strip().splitlines()[-1:] or [f"it gives {done.stdout}"]
        pytest.skip(f"the installed lmdb does not offer this implementation ({', '.join(settings)}): {reason[0]}")


@pytest.mark.parametrize("lib_version", ["0", "1"])
@pytest.mark.parametrize("force", ["LMDB_FORCE_CPYTHON", "LMDB_FORCE_CFFI"])
def test_suite_passes_as_it_does_on_lmdb(suite: Path, tmp_path: Path, force: str, lib_version: str) -> None:
    settings = {force: "1", "LMDB_DEFAULT_LIB_VERSION": lib_version}
    require_implementation({force: "1"})
    ours = run_suite(suite, tmp_path / "ours", True, settings)
    assert ours.failures == {}, ours.output
    assert ours.code == 0, ours.output
    counts = Counter(ours.outcomes.values())
    assert counts["failed"] == 0
    assert counts["passed"] >= MIN_PASSED, counts

    test_files = {path.name for path in (suite / "tests").glob("*_test.py")}
    assert ours.modules == dict.fromkeys(test_files, "zlmdb.lmdb")
    # The main process, the script that leaves a stale reader, and the spawned process that grows a file.
    commands = [" ".join(argv) for argv in ours.processes]
    for part in ("-m pytest", "test_reader_check_child", "--multiprocessing-fork"):
        assert any(part in command for command in commands), (part, commands)

    theirs = run_suite(suite, tmp_path / "theirs", False, settings)
    assert theirs.modules == dict.fromkeys(test_files, "lmdb")
    assert ours.outcomes == theirs.outcomes


@pytest.mark.parametrize("lib_version", ["0", "1"])
def test_equivalence_script_writes_and_reads_the_same(suite: Path, tmp_path: Path, lib_version: str) -> None:
    """The suite's script that fills databases and prints them: each side creates, the other one reads."""
    settings = {"LMDB_DEFAULT_LIB_VERSION": lib_version}
    envs = {side: environment(tmp_path / side, side == "ours", settings) for side in ("ours", "theirs")}

    def dump(side: str, verb: str, made_by: str) -> str:
        command = [
            sys.executable,
            str(suite / "tests" / "equiv_dump.py"),
            verb,
            str(tmp_path / f"by-{made_by}"),
        ]
        return subprocess.run(
            command, cwd=tmp_path, env=envs[side], capture_output=True, text=True, timeout=TIMEOUT, check=True
        ).stdout

    written = dump("ours", "create", "ours")
    assert len(written.splitlines()) > 1000
    assert dump("theirs", "create", "theirs") == written
    assert dump("ours", "read", "theirs") == dump("theirs", "read", "ours") == written
    assert (tmp_path / "ours" / "processes").read_text().count("equiv_dump.py") == 2
