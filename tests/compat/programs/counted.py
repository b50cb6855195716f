"""TransactionStats through tables and indexes: every write that is needed counts, index entries too."""

from _show import show

import zlmdb


@zlmdb.table("2f2f2f2f-0000-4000-8000-000000000001", marshal=list, parse=tuple)
class Rows(zlmdb.MapOidCbor):
    """Rows."""


@zlmdb.table("2f2f2f2f-0000-4000-8000-000000000002")
class First(zlmdb.MapStringOid):
    """By the first field."""


@zlmdb.table("2f2f2f2f-0000-4000-8000-000000000003")
class Second(zlmdb.MapStringOid):
    """By the second field, which may be None."""


with zlmdb.Database("db") as db:
    rows, first, second = (db.attach_table(cls) for cls in (Rows, First, Second))
    stats = zlmdb.TransactionStats()

    def counted(label, *changes):
        stats.reset()
        with db.begin(write=True, stats=stats) as txn:
            for key, value in changes:
                if value is None:
                    del rows[txn, key]
                else:
                    rows[txn, key] = value
        show(label, (stats.puts, stats.dels, stats.duration > 0))

    counted("plain table: insert", (1, ("a", "x")), (2, ("b", None)))
    counted("plain table: replace", (1, ("c", "x")))
    counted("plain table: delete", (1, None), (2, None))
    counted("plain table: delete what is missing", (77, None))
    rows.attach_index("first", first, lambda row: row[0])
    rows.attach_index("second", second, lambda row: row[1], nullable=True)
    counted("insert", (1, ("a", "x")), (2, ("b", "y")))
    counted("insert with None", (3, ("c", None)))
    counted("delete", (1, None), (2, None))
    counted("delete what is missing", (77, None))
    with db.begin() as txn:
        show("left", (list(rows.select(txn)), list(first.select(txn)), list(second.select(txn))))
