"""Injected faults: the write that was named fails, no other, and what is counted is what is written."""

import subprocess
import sys
from typing import Any

import pytest
from dbsupport import Notes, Users, environment, everything, user

import zlmdb
from zlmdb.testing import faults

KEY = b"\xff\xf0key"


def write(db: Any) -> None:
    with db.begin(write=True) as txn:
        txn.put(KEY, b"1")
        txn.delete(KEY)
        txn.put(KEY, b"2")


def test_the_named_write_fails_and_no_other(db: Any) -> None:
    for at, kind in ((1, "put"), (2, "delete"), (3, "put"), (4, "commit")):
        with faults.failing(db, at) as plan, pytest.raises(faults.InjectedFault, match="injected fault"):
            write(db)
        assert (plan.writes, plan.failed) == (at, kind)
        assert everything(db) == []
    for at in (0, 5):
        with faults.failing(db, at) as plan:
            write(db)
        assert (plan.writes, plan.failed) == (4, None)
    assert everything(db) == [(KEY, b"2")]


def test_after_the_block_nothing_fails(db: Any) -> None:
    with faults.failing(db, 2):
        pass
    write(db)
    with pytest.raises(ValueError, match="mine"), faults.failing(db, 1):
        raise ValueError("mine")
    write(db)
    assert everything(db) == [(KEY, b"2")]


def test_bulk_writes_are_counted_one_by_one(db: Any) -> None:
    db.attach_tables([Users, Notes])
    with faults.failing(db, 0) as plan, db.begin(write=True) as txn:
        txn[Notes].load(dict.fromkeys(range(10), "x"))
        assert plan.tried.count("put") == 10
        txn[Users].load([user(1), user(2)])
        assert plan.tried.count("put") == 10 + 2 * 4  # a row, and three entries for each
        txn[Users].delete(1)
    assert plan.tried.count("put") == 18
    assert plan.tried.count("delete") == 4
    assert plan.tried[-1] == "commit"
    assert plan.writes == len(plan.tried)


def test_a_failure_in_the_middle_of_a_bulk_write_leaves_those_before_it_to_the_abort(db: Any) -> None:
    notes = db.attach_table(Notes)
    with faults.failing(db, 5), pytest.raises(faults.InjectedFault), db.begin(write=True) as txn:
        txn.cursor().putmulti([(KEY + bytes([number]), b"x") for number in range(10)])
    with db.begin() as txn:
        assert notes.count(txn) == 0
        assert txn.get(KEY + b"\0") is None


def test_a_failed_transaction_refuses_all_but_abort(db: Any) -> None:
    with faults.failing(db, 1):
        txn = db.begin(write=True)
        txn.__enter__()
        for use in (
            lambda: txn.put(KEY, b"1"),
            lambda: txn.put(KEY, b"1"),
            lambda: txn.get(KEY),
            lambda: txn.delete(KEY),
            lambda: txn.cursor(),
            lambda: txn.id(),
        ):
            with pytest.raises(faults.InjectedFault):
                use()
        txn.abort()
        with db.begin(write=True) as txn:
            txn.put(KEY, b"2")
    assert everything(db) == [(KEY, b"2")]


def test_failures_go_through_every_write(db: Any) -> None:
    seen = []
    for failure in faults.failures(db, lambda: write(db)):
        seen.append((failure.write, failure.kind))
        assert isinstance(failure.error, faults.InjectedFault)
        assert str(failure) == f"write {failure.write} ({failure.kind}) failed: injected fault"
        assert everything(db) == []
    assert seen == [(1, "put"), (2, "delete"), (3, "put"), (4, "commit")]
    assert everything(db) == [(KEY, b"2")]


def test_an_action_that_hides_a_failure_is_found_out(db: Any) -> None:
    def hiding() -> None:
        try:
            write(db)
        except faults.InjectedFault:
            pass

    with pytest.raises(AssertionError, match=r"write 1 \(put\) failed, and the action did not say so"):
        list(faults.failures(db, hiding))


def test_an_error_of_the_actions_own_is_passed_on(db: Any) -> None:
    def wrong() -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        list(faults.failures(db, wrong))


def test_the_error_may_be_chosen(db: Any) -> None:
    made = [zlmdb.lmdb.MapFullError("first"), OSError("second"), zlmdb.lmdb.DiskError("third"), KeyError("fourth")]
    errors = iter(made)
    caught = [failure.error for failure in faults.failures(db, lambda: write(db), lambda: next(errors))]
    assert [type(error) for error in caught] == [type(caught[0]), OSError, type(caught[2]), KeyError]
    assert isinstance(caught[0], zlmdb.DatabaseFull)
    assert isinstance(caught[2], zlmdb.lmdb.DiskError)


WITHOUT = """
    import sys
    class Missing:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] == "hypothesis":
                raise ImportError("no hypothesis here", name="hypothesis")
    sys.meta_path.insert(0, Missing())
    import zlmdb.testing
    assert "hypothesis" not in sys.modules
    from zlmdb.testing import faults
    print(faults.Plan(1).at)
    for name in ("EngineSuite", "KeyCodecSuite", "ValueCodecSuite", "strategies"):
        try:
            getattr(zlmdb.testing, name)
        except ImportError as error:
            print(error)
"""


def test_without_hypothesis_it_says_what_to_install(tmp_path: Any) -> None:
    import textwrap

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(WITHOUT)],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "1"
    assert len(lines) == 5
    for line in lines[1:]:
        assert "need the package hypothesis" in line
        assert "pip install 'zlmdb[test]'" in line


def test_zlmdb_itself_imports_neither_hypothesis_nor_its_testing_part(tmp_path: Any) -> None:
    code = (
        "import sys, zlmdb; zlmdb.open(':memory:').close(); "
        "print(sorted(name for name in sys.modules if name.startswith(('hypothesis', 'zlmdb.testing', 'pytest'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_the_names_of_the_package_are_there() -> None:
    import zlmdb.testing

    for name in zlmdb.testing.__all__:
        assert getattr(zlmdb.testing, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        zlmdb.testing.nonsense  # noqa: B018
