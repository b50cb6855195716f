"""The slow twins of the generated functions: what is wrong with an input, said in a sentence; or that nothing is.

A generated function comes here with the exception that its fast text met. Encoding is repeated in full; it either
raises an error that says where and what, or yields bytes after all (numpy integers in keys, fields of a subclass), with
which the operation goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zlmdb import errors
from zlmdb.engine import EngineError, translate
from zlmdb.keys.composite import Composite
from zlmdb.tables.plan import FROM_ROW, IndexPlan, field_of

if TYPE_CHECKING:
    from zlmdb.tables.compile import Compiled
    from zlmdb.tables.definition import TableDefinition

__all__ = ["Ops"]


class Ops:
    """What handles and bound maps of a table share."""

    _compiled: Compiled
    _definition: TableDefinition
    #: Key prefix of the table's records: its slot, as two bytes.
    _p: bytes
    #: Key prefixes of its indexes, in the order of the plans.
    _xs: tuple[bytes, ...]
    #: Longest key the engine takes.
    _limit: int

    def __reduce_ex__(self, protocol: Any) -> Any:
        name = self._definition.name
        raise TypeError(
            f"table {name}: a map cannot be pickled or copied, since it belongs to an open file; pickle the database "
            f"or the rows, and take txn[{name}] in a transaction there; dict(txn[{name}].items()) is a copy of the rows"
        )

    # -- keys

    def _key_bytes(self, key: Any) -> bytes:
        """The encoded key, without slot.

        Raises:
            KeyTypeError, KeyValueError: naming the table.
            KeyTooLong: if the engine cannot hold it.
        """
        data = self._sought_bytes(key)
        if len(data) + len(self._p) > self._limit:
            raise errors.KeyTooLong(
                f"table {self._definition.name}: expected a key of at most {self._limit - len(self._p)} bytes when "
                f"encoded, found {len(data)}: {errors.short(key)}; shorten it, or store a digest of it",
                table=self._definition.name,
                key=key,
            )
        return data

    def _sought_bytes(self, key: Any) -> bytes:
        """The encoded key to look for: one that is too long to be stored is simply not there."""
        try:
            return self._definition.key.encode(key)
        except errors.DataError as error:
            raise error.located(table=self._definition.name) from None

    def _value_bytes(self, row: Any) -> bytes:
        try:
            return self._definition.value.encode(row)
        except (errors.DataError, errors.SchemaError) as error:
            raise error.located(table=self._definition.name) from None

    def _row_key(self, row: Any) -> Any:
        """The primary key that a row holds."""
        pk = self._definition.pk
        if not pk:
            raise errors.SchemaError(
                f"table {self._definition.name}: add() and put() of a row need to know which field is its key; "
                'declare the table with pk="...", or give the key: put(key, row)'
            )
        try:
            parts = tuple(field_of(row, name) for name in pk)
        except (AttributeError, LookupError, TypeError):
            raise errors.ValueTypeError(
                f"table {self._definition.name}: expected {self._expected_row()} with the key in {', '.join(pk)}, "
                f"found {type(row).__name__} {errors.short(row)}",
                table=self._definition.name,
                field=", ".join(pk),
                expected=self._expected_row(),
                found=type(row).__name__,
            ) from None
        return parts if isinstance(self._definition.key, Composite) else parts[0]

    def _check_row_key(self, kb: bytes, key: Any, row: Any) -> None:
        """Refuse a row that holds another key than the one it is to be stored under."""
        if not self._definition.pk:
            return
        held = self._row_key(row)
        if self._key_bytes(held) != kb:
            fields = ", ".join(self._definition.pk)
            raise errors.KeyValueError(
                f"table {self._definition.name}: expected a row whose {fields} is the key it is stored under, "
                f"{errors.short(key)}, found {errors.short(held)}; put(row) takes the key from the row",
                table=self._definition.name,
                key=key,
                field=fields,
                expected=errors.short(key),
                found=errors.short(held),
            )

    def _expected_row(self) -> str:
        record = self._definition.value.record
        return "a row" if record is None else f"a {getattr(record, '__name__', record)}"

    # -- finding the transaction

    def _split(self, item: Any) -> tuple[Any, Any]:
        """Transaction and key of ``map[txn, key]``, or an error that says how it is written."""
        if isinstance(item, tuple) and len(item) == 2 and hasattr(item[0], "_cursor"):
            return item
        raise errors.TransactionError(
            f"table {self._definition.name}: this is the attached map, and is used as map[txn, key]; "
            f"for map[key], take the map of a transaction: txn[{self._definition.name}]"
        )

    # -- the first rows that are read

    def _early(self, item: Any) -> tuple[Any, Any, Any]:
        """Key, bytes (None if there are none) and row of ``map[txn, key]``, found without compiled functions."""
        self._compiled.early -= 1
        try:
            txn, key = item
            data = txn._get(self._p + self._definition.key.encode(key))
        except Exception as error:
            _, key, _, data = self._recover_get(item, error)
        if data is None:
            return key, None, None
        try:
            return key, data, self._definition.value._decode_early(data)
        except Exception as error:
            raise self._unreadable(key, data, error) from error

    # -- recovering

    def _recover_get(self, item: Any, error: Exception) -> tuple[Any, Any, bytes, Any]:
        txn, key = self._split(item)
        self._pass_on(txn, error)
        k = self._p + self._sought_bytes(key)
        return txn, key, k, None if len(k) > self._limit else txn.get(k)

    def _recover_put(self, item: Any, row: Any, error: Exception) -> Any:
        txn, key = self._split(item)
        self._pass_on(txn, error)
        if key is FROM_ROW:
            key = self._row_key(row)
        kb = self._key_bytes(key)
        data = self._value_bytes(row)
        self._check_row_key(kb, key, row)
        k = self._p + kb
        try:
            txn._put(k, data)
        except EngineError as fault:
            raise self._fault(txn, fault) from fault
        return key

    def _recover_plan(
        self, item: Any, row: Any, error: Exception
    ) -> tuple[Any, Any, bytes, bytes, bytes, tuple[bytes | None, ...]]:
        txn, key = self._split(item)
        self._pass_on(txn, error)
        if key is FROM_ROW:
            key = self._row_key(row)
        kb = self._key_bytes(key)
        data = self._value_bytes(row)
        self._check_row_key(kb, key, row)
        return txn, key, self._p + kb, kb, data, self._entries(kb, self._as_stored(row, data))

    def _recover_pair(self, item: Any, holding: bool, error: Exception) -> tuple[bytes, bytes]:
        if isinstance(error, errors.ConstraintError | errors.TransactionError):
            raise error
        if holding:
            key, row = self._row_key(item), item
        elif isinstance(item, (tuple, list)) and len(item) == 2:
            key, row = item
        else:
            raise errors.ValueTypeError(
                f"table {self._definition.name}: expected pairs (key, value), found {type(item).__name__} "
                f"{errors.short(item)}; rows alone can be given where the table is declared with pk=...",
                table=self._definition.name,
                expected="(key, value)",
                found=type(item).__name__,
            )
        kb, data = self._key_bytes(key), self._value_bytes(row)
        self._check_row_key(kb, key, row)
        return self._p + kb, data

    def _recover_delete(self, item: Any, error: Exception) -> tuple[Any, Any, bool]:
        txn, key = self._split(item)
        self._pass_on(txn, error)
        k = self._p + self._sought_bytes(key)
        return txn, key, len(k) <= self._limit and txn._delete(k)

    def _recover_old(self, item: Any, error: Exception) -> tuple[Any, Any, bytes, bytes, Any]:
        txn, key = self._split(item)
        self._pass_on(txn, error)
        kb = self._sought_bytes(key)
        k = self._p + kb
        return txn, key, k, kb, None if len(k) > self._limit else txn.get(k)

    def _pass_on(self, txn: Any, error: Exception) -> None:
        """Raise what is not about the input: an ended transaction, a full map, a write in a read transaction.

        What a stale reader raises passes, because the transaction's own `get` begins that one again.
        """
        if isinstance(error, EngineError) and txn._raw is None:
            raise self._fault(txn, error) from None  # a read transaction refuses writes as such, ended or not
        if isinstance(error, errors.TransactionError | errors.DatabaseError | errors.ConstraintError):
            raise error
        if isinstance(error, EngineError) and not _bad_size(error) and not txn._stale(error):
            raise self._fault(txn, error) from error

    def _write_fault(self, txn: Any, key: Any, error: Exception) -> Exception:
        """The error for what the engine raised while a row was written."""
        if isinstance(error, EngineError) and _bad_size(error):
            self._key_bytes(key)  # raises, and says how long it is
        return self._fault(txn, error)

    def _fault(self, txn: Any, error: Exception) -> Exception:
        if txn._raw is None:
            try:
                txn._require_open()
            except errors.TransactionClosed as ended:
                return ended  # a scan that goes on behind the end of its transaction, or in a forked child
        return translate(error, path=txn._db.dbpath)

    def _interrupted(self, txn: Any, k: bytes, data: bytes | None, error: BaseException) -> None:
        """Spoil the transaction if an exception from outside came when some records of a row were written.

        Args:
            txn: the transaction.
            k: the row's record.
            data: what is in it after the change; it is written first. None if the row goes.
            error: the exception. This library's own, and those of a program's functions, come before the first write.
        """
        if isinstance(error, errors.ZlmdbError) or txn._raw is None:
            return
        try:
            begun = txn._get(k) == data
        except EngineError:
            begun = True
        if begun:
            txn._spoil()

    # -- index entries

    def _as_stored(self, row: Any, data: bytes) -> Any:
        """The row from which index keys are made: the object that is written, or that of its bytes."""
        return self._definition.value.decode(data) if self._compiled.source.stored_keys else row

    def _entries(self, kb: bytes, row: Any, *, strict: bool = True) -> tuple[bytes | None, ...]:
        """The entry keys of a row, one per index, or None where it has no entry."""
        name = self._definition.name
        entries: list[bytes | None] = []
        for prefix, plan in zip(self._xs, self._compiled.plans, strict=True):
            body = plan.entry(kb, row, table=name, strict=strict)
            if body is None:
                entries.append(None)
                continue
            if len(body) + 2 > self._limit and not strict:
                entries.append(None)  # such an entry cannot be there
                continue
            if len(body) + 2 > self._limit:
                raise errors.KeyTooLong(
                    f"table {name}, index {plan.name}: expected an index key of at most {self._limit - 2} bytes when "
                    f"encoded, found {len(body)}; nothing was written",
                    table=name,
                    index=plan.name,
                )
            entries.append(prefix + body)
        return tuple(entries)

    def _old_entries(self, key: Any, kb: bytes, old: Any, error: Exception) -> tuple[bytes | None, ...]:
        """The entries of the row that is stored, made without the fast text.

        Args:
            key: its key, for errors.
            kb: its encoded key.
            old: its bytes.
            error: what the fast text met.
        """
        try:
            row = self._definition.value.decode(bytes(old))
        except errors.DecodeError as broken:
            raise errors.DecodeError(
                f"table {self._definition.name}, key {errors.short(key)}: the stored row cannot be decoded, so its "
                f"index entries are not known and it was left as it is: {broken.message}; remove it with "
                "txn.delete(raw key) and call rebuild_indexes(), if it is to go",
                table=self._definition.name,
                key=key,
            ) from error
        return self._entries(kb, row, strict=False)

    def _pointer_matches(self, txn: Any, entry: bytes, pointer: bytes) -> bool:
        held = txn.get(entry)
        return held is not None and bytes(held) == pointer

    def _conflict(
        self, txn: Any, i: int, entry: bytes, pointer: bytes, key: Any, written: tuple[bytes | None, ...]
    ) -> None:
        """A new row met an entry of a unique index. If it is another row's: take back what was written, and refuse."""
        if self._pointer_matches(txn, entry, pointer):
            return
        for k in written:
            if k is not None:
                txn._delete(k)
        raise self._violation(txn, i, entry, key)

    def _check_unique(self, txn: Any, i: int, entry: bytes, pointer: bytes, key: Any) -> None:
        """Refuse a change of a row that would take over another row's entry; nothing is written yet."""
        held = txn.get(entry)
        if held is not None and bytes(held) != pointer:
            raise self._violation(txn, i, entry, key)

    def _violation(self, txn: Any, i: int, entry: bytes, key: Any) -> errors.ZlmdbError:
        plan = self._compiled.plans[i]
        name = self._definition.name
        held = txn.get(entry)
        index_key = plan.codec.decode(entry[2:])
        holder = self._pointed(plan, held)
        if not self._holds(txn, i, entry, held, holder):
            return errors.DatabaseError(
                f"table {name}, index {plan.name}: the entry of {errors.short(index_key)} points to the row with "
                f"primary key {errors.short(holder)}, which is not there or has another key by now, so the row with "
                f"primary key {errors.short(key)} was not written; a program that does not know the index changed the "
                f"table: rebuild_index({plan.name!r}) makes the index anew",
                table=name,
                index=plan.name,
                key=index_key,
            )
        return errors.UniqueViolation(
            f"table {name}, index {plan.name}: there is a row under {errors.short(index_key)} already, "
            f"with primary key {errors.short(holder)}, so the row with primary key {errors.short(key)} was not "
            "written; change or delete the other row first",
            table=name,
            index=plan.name,
            key=index_key,
        )

    def _holds(self, txn: Any, i: int, entry: bytes, held: Any, holder: Any) -> bool:
        """False if the row that an entry points to is known to have another entry, or is not there."""
        plan = self._compiled.plans[i]
        try:
            pk = bytes(held) if plan.pointer is None else self._definition.key.encode(holder)
            data = txn.get(self._p + pk)
            return data is not None and self._entries(pk, self._definition.value.decode(data), strict=False)[i] == entry
        except Exception:  # of the program's own functions, too
            return True  # what cannot be read may well have it

    def _pointed(self, plan: IndexPlan, held: Any) -> Any:
        """The primary key in an entry."""
        try:
            return self._definition.key.decode(held) if plan.pointer is None else plan.pointer.decode(held)
        except errors.DataError:
            return bytes(held)

    # -- errors

    def _duplicate(self, key: Any, written: str = "Nothing was written") -> errors.DuplicateKey:
        return errors.DuplicateKey(
            f"table {self._definition.name}: there is a row with primary key {errors.short(key)} already; "
            f"put() replaces it. {written}",
            table=self._definition.name,
            key=key,
        )

    def _unreadable(self, key: Any, data: Any, error: Exception) -> Exception:
        if isinstance(error, errors.TransactionError):
            raise error  # not returned, to be raised from itself: who follows the causes would find no end
        if isinstance(error, errors.PickleNotAllowed):
            return error.located(table=self._definition.name)
        if isinstance(error, errors.DecodeError):
            return error.located(table=self._definition.name, key=key)
        try:
            self._definition.value.decode(bytes(data))
        except errors.DecodeError as clear:
            return clear.located(table=self._definition.name, key=key)
        except errors.ZlmdbError as clear:
            return clear.located(table=self._definition.name)
        except Exception as other:
            return errors.DecodeError(
                f"table {self._definition.name}, key {errors.short(key)}: the stored bytes (length {len(data)}) cannot "
                f"be turned into a value: {type(other).__name__}: {other}",
                table=self._definition.name,
                key=key,
            )
        raise error

    def _scan_error(self, txn: Any, k: Any, v: Any, error: Exception) -> Exception:
        """The error for what a scan met at a record: its key, its value, or neither (the transaction ended)."""
        if txn._raw is None:
            k = v = None  # they may be memory of a map that is not there any more
        if isinstance(error, EngineError) and not self._refused_by_parse(txn, v):
            return self._fault(txn, error)
        if isinstance(error, errors.TransactionError) or k is None:
            raise error
        k = bytes(k)
        body = k[2:] if k[:2] == self._p else k
        try:
            key = self._definition.key.decode(body)
        except errors.KeyValueError as broken:
            return errors.DecodeError(
                f"table {self._definition.name}: the stored key {body[:80].hex()} cannot be decoded: {broken.message}",
                table=self._definition.name,
            )
        if v is None:
            raise error
        return self._unreadable(key, v, error)

    def _refused_by_parse(self, txn: Any, v: Any) -> bool:
        """True if an engine's error was raised by the program's parse function: it may be about another file."""
        value = getattr(self._definition.value, "codec", self._definition.value)
        if v is None or txn._raw is None or getattr(value, "parse", None) is None:
            return False
        try:
            self._definition.value.decode(bytes(v))
        except Exception:
            return True
        return False


def _bad_size(error: EngineError) -> bool:
    return type(error).__name__ == "BadValsizeError"
