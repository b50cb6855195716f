"""Read a described database with this interpreter's package:  read_back.py DATABASE DESCRIPTION RESULT

Writes what `described.read_all` finds, and what the records are as bytes, to RESULT as JSON.
"""

import json
import sys
from pathlib import Path

import described

path, description_file, result = sys.argv[1:]
description = json.loads(Path(description_file).read_text(encoding="utf-8"))
with described.open_database(path) as db:
    tables = described.attach(db, description)
    found = described.read_all(db, tables, description)
    answer = {"found": found, "raw": described.raw_records(db), "lib_version": db.lib_version}
Path(result).write_text(json.dumps(answer), encoding="utf-8")
