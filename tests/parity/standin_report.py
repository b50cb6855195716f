"""A pytest plugin for the process that runs py-lmdb's suite: tells what each test did and which lmdb it used.

Writes JSON lines to the file named by ``ZLMDB_STANDIN_REPORT``: ``["test", node id, outcome, text]`` for each
phase of each test, and ``["module", name, name of its lmdb]`` for each collected test module.
"""

import json
import os

import pytest

_MAIN_PROCESS = os.getpid()


def _tell(*line: str) -> None:
    with open(os.environ["ZLMDB_STANDIN_REPORT"], "a", encoding="utf-8") as report:
        report.write(json.dumps(line) + "\n")


def pytest_collection_finish(session: pytest.Session) -> None:
    for module in {item.getparent(pytest.Module) for item in session.items}:
        if module is not None:
            # Some test modules reach py-lmdb only through the suite's testlib.
            user = module.obj if hasattr(module.obj, "lmdb") else module.obj.testlib
            _tell("module", module.name, user.lmdb.__name__)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _tell("test", report.nodeid, report.outcome, report.longreprtext if report.failed else "")


def pytest_runtest_logfinish() -> None:
    # One test forks and lets the child return from the test: left alone, it would run the rest of the suite.
    if os.getpid() != _MAIN_PROCESS:
        os._exit(0)
