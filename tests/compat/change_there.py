"""Change a described database with this interpreter's package:  change_there.py DATABASE DESCRIPTION CHANGES

CHANGES is JSON: {name of a table: [[key, value, or null to delete]]}.
"""

import json
import sys
from pathlib import Path

import described

path, description_file, changes_file = sys.argv[1:]
description = json.loads(Path(description_file).read_text(encoding="utf-8"))
changes = json.loads(Path(changes_file).read_text(encoding="utf-8"))
with described.open_database(path) as db:
    described.apply(db, described.attach(db, description), changes)
