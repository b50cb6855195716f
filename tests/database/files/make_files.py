"""Makes the files here with the earlier release: run it with an interpreter that has that one, from this directory.

``layouts`` holds tables whose keys the earlier release wrote in an order that does not sort, ``pages`` the numbers of
pages that its tables took.
"""

import json
import os
import random
import shutil
import tempfile
import uuid

import numpy as np

import zlmdb
from zlmdb import MapOidTimestampOid, MapOidTimestampStringOid, MapUuidCbor, table

OIDS = [uuid.uuid5(uuid.NAMESPACE_OID, f"earlier layouts {number}") for number in range(30)]


def ns(number):
    return np.datetime64(number, "ns")


TIMES = [1, 255, 256, 65536, 10**18, 2**62]


@table(OIDS[0])
class Readings(MapOidTimestampOid):
    """Numbers by sensor and time."""


@table(OIDS[1])
class Remarks(MapOidTimestampStringOid):
    """Numbers by sensor, time and author."""


@table(OIDS[2])
class Empty(MapOidTimestampOid):
    """Nothing."""


def same(value):
    return value


def layouts(path):
    with zlmdb.Database(path, maxsize=2**20) as db:
        readings, remarks, _ = (db.attach_table(cls) for cls in (Readings, Remarks, Empty))
        with db.begin(write=True) as txn:
            for sensor in (1, 2):
                for number, time in enumerate(TIMES):
                    readings[txn, (sensor, ns(time))] = number
                    remarks[txn, (sensor, ns(time), f"author {number}")] = number


def row(number):
    rng = random.Random(number)
    return {
        "oid": number,
        "name": f"name {number}",
        "email": f"{number}@example.com",
        "tags": [rng.randrange(1000) for _ in range(number % 4)],
        "score": rng.random(),
        "city": None if number % 3 else "Bonn",
    }


FOURTEEN = []
for _number, _oid in enumerate(OIDS[3:17]):
    _cls = type(f"Table{_number}", (MapUuidCbor,), {"__doc__": f"Table {_number}."})
    table(_oid, marshal=same, parse=same)(_cls)
    FOURTEEN.append(_cls)


def pages(lib_version):
    folder = tempfile.mkdtemp()
    try:
        with zlmdb.Database(f"{folder}/db", maxsize=2**26, lib_version=lib_version) as db:
            tables = [db.attach_table(cls) for cls in FOURTEEN]
            attached = db.stats()
            with db.begin(write=True) as txn:
                for number in range(10_000):
                    tables[0][txn, uuid.uuid5(uuid.NAMESPACE_OID, str(number))] = row(number)
            filled = db.stats()
        return {
            "attached": attached["pages"],
            "filled": filled["pages"],
            "leaf": filled["leaf_pages"],
            "overflow": filled["overflow_pages"],
            "entries": filled["entries"],
        }
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    shutil.rmtree("layouts", ignore_errors=True)
    layouts("layouts")
    os.remove("layouts/lock.mdb")
    with open("pages.json", "w", encoding="utf-8") as out:
        json.dump({version: pages(version) for version in ("0.9", "1.0")}, out, indent=1)
        out.write("\n")
