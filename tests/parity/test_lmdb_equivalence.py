"""The same calls on ``lmdb`` and on ``zlmdb.lmdb`` give the same answers, errors and databases."""

import tempfile
from typing import Any

import lmdb
import lmdb.verify
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zlmdb.lmdb

# Few and short, so that calls meet the rows of earlier calls; the last are too long for one format or both.
KEYS = st.sampled_from([b"", b"\0", b"a", b"a\0", b"ab", b"b", b"\xff", b"\xff\xff", b"k" * 512, b"k" * 1979])
VALUES = st.sampled_from([b"", b"\0", b"v", b"w", b"\xff" * 9, b"big" * 3000])
DBS = st.sampled_from([None, b"plain", b"dups"])
FLAG = st.booleans()

CALLS = st.one_of(
    st.tuples(
        st.just("put"),
        st.fixed_dictionaries(
            {"key": KEYS, "value": VALUES}, optional={"dupdata": FLAG, "overwrite": FLAG, "append": FLAG}
        ),
    ),
    st.tuples(st.sampled_from(["get", "pop"]), st.fixed_dictionaries({"key": KEYS})),
    st.tuples(st.just("delete"), st.fixed_dictionaries({"key": KEYS}, optional={"value": VALUES})),
    st.tuples(st.just("replace"), st.fixed_dictionaries({"key": KEYS, "value": VALUES})),
    st.tuples(
        st.sampled_from(
            [
                *("first", "last", "next", "prev", "item", "key", "value", "count"),
                *("first_dup", "last_dup", "next_dup", "prev_dup", "next_nodup", "prev_nodup"),
            ]
        ),
        st.just({}),
    ),
    st.tuples(st.sampled_from(["set_key", "set_range"]), st.fixed_dictionaries({"key": KEYS})),
    st.tuples(
        st.sampled_from(["set_key_dup", "set_range_dup"]),
        st.fixed_dictionaries({"key": KEYS, "value": VALUES}),
    ),
    st.tuples(st.just("putmulti"), st.fixed_dictionaries({"items": st.lists(st.tuples(KEYS, VALUES), max_size=4)})),
    st.tuples(
        st.just("getmulti"),
        st.fixed_dictionaries({"keys": st.lists(KEYS, max_size=4)}, optional={"dupdata": FLAG}),
    ),
)
TRANSACTIONS = st.fixed_dictionaries(
    {"db": DBS, "write": st.sampled_from([True, True, False]), "commit": FLAG, "nested": FLAG},
    optional={"calls": st.lists(CALLS, max_size=12)},
)


def answer(function: Any, arguments: dict[str, Any]) -> object:
    try:
        return function(**arguments)
    except (lmdb.Error, TypeError, ValueError) as error:
        return type(error), str(error)


def run(api: Any, path: str, lib_version: int, program: list[dict[str, Any]]) -> tuple[list[object], object]:
    """Every answer that the program got, and all the rows it left."""
    answers: list[object] = []
    with api.open(path, max_dbs=2, map_size=1 << 24, lib_version=lib_version) as env:
        dbs = {None: None, b"plain": env.open_db(b"plain"), b"dups": env.open_db(b"dups", dupsort=True)}
        for step in program:
            outer = env.begin(write=True) if step["nested"] and step["write"] else None
            txn = env.begin(db=dbs[step["db"]], parent=outer, write=step["write"])
            cursor = txn.cursor()
            answers.append(txn.id())
            for name, arguments in step.get("calls", []):
                target = txn if name in ("put", "get", "pop", "delete", "replace") else cursor
                answers.append((name, answer(getattr(target, name), arguments)))
            for each in filter(None, (txn, outer)):
                answers.append(answer(each.commit if step["commit"] else each.abort, {}))
        with env.begin() as txn:
            rows = {name: list(txn.cursor(db)) for name, db in dbs.items()}
        return answers, (rows, env.stat(), env.info()["last_txnid"], api.verify.verify(path))


@pytest.mark.parametrize("lib_version", [0, 1])
@given(program=st.lists(TRANSACTIONS, max_size=5))
def test_same_calls_same_answers_same_rows(lib_version: int, program: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
        answers, left = run(zlmdb.lmdb, ours, lib_version, program)
        assert run(lmdb, theirs, lib_version, program) == (answers, left)
