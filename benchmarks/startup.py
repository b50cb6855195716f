"""What a program pays before its first row: importing, opening, attaching; and what a full scan costs in memory.

Each measurement has an interpreter of its own, because what is imported or opened once is warm. The contestants take
turns.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROUNDS = 11

#: Statements of a program that imports what it needs and nothing else.
IMPORTS = {
    "python": "pass",
    "raw": "import lmdb, cbor2, uuid, dataclasses",
    "zlmdb": "import zlmdb",
    "zlmdb, names used": "import zlmdb; zlmdb.open; zlmdb.table; zlmdb.index; zlmdb.MapUuidCbor; zlmdb.MapUuidJson",
    "zlmdb, schema of 6 tables": "import sys; sys.argv = ['', 'declare', 'ours']; import child; child.main()",
}


def _spent(command: list[str], environment: dict[str, str]) -> float:
    """CPU seconds of a process, those of the system included."""
    pid = os.posix_spawn(command[0], command, environment)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"{command} ended with status {status}")
    return usage.ru_utime + usage.ru_stime


def _child(python: str, *arguments: str) -> Any:
    """What a child prints last, if it prints anything."""
    done = subprocess.run(
        [python, "-P", str(HERE / "child.py"), *arguments],
        env=_environment(python),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    # What the earlier release prints on opening comes before.
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout else None


def _environment(python: str) -> dict[str, str]:
    """The measured interpreter finds zlmdb where this one does; another interpreter has its own."""
    unwanted = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")  # compiled modules are kept, as those of an installation are
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    if python == sys.executable:
        import zlmdb

        places = [Path(zlmdb.__file__).parent.parent, HERE.parent, HERE]
        environment["PYTHONPATH"] = os.pathsep.join(map(str, places))
    return environment


def measure(stands: dict[str, Any], rows: int, earlier: str | None, directory: str) -> dict[str, Any]:
    """Seconds (CPU) of imports; of opening (CPU, wall); of whole processes to the first row; bytes that a scan adds.

    Args:
        stands: the contestants, whose databases are filled.
        rows: how many rows they have.
        earlier: interpreter of the earlier release, or None.
        directory: where databases go.
    """
    found: dict[str, Any] = {"imports": {}, "opens": {}, "wholes": {}, "memory": []}
    imports = [(name, sys.executable, code) for name, code in IMPORTS.items()]
    if earlier is not None:
        imports.append(("earlier: python", earlier, "pass"))
        imports.append(("earlier: zlmdb", earlier, "import zlmdb"))
    for _, python, code in imports:
        _spent([python, "-P", "-c", code], _environment(python))
    for _ in range(ROUNDS):
        for name, python, code in imports:
            seconds = _spent([python, "-P", "-c", code], _environment(python))
            found["imports"].setdefault(name, []).append(seconds)
    openers = [("raw", sys.executable), ("ours", sys.executable)]
    if earlier is not None:
        openers.append(("earlier", earlier))
    for number in (6, 20):
        for who, python in openers:
            _child(python, "make", who, os.path.join(directory, f"open-{number}-{who}"), str(number))
        for _ in range(ROUNDS):
            for who, python in openers:
                path = os.path.join(directory, f"open-{number}-{who}")
                found["opens"].setdefault(f"{who} {number}", []).append(_child(python, "open", who, path, str(number)))
                whole = [python, "-P", str(HERE / "child.py"), "first", who, path, str(number)]
                found["wholes"].setdefault(f"{who} {number}", []).append(_spent(whole, _environment(python)))
    stand = stands.get("zlmdb")
    if stand is not None and "plain" in stand.open:
        stand.open.pop("plain").close()
        code = f"from benchmarks.memory import main; main({stand.path('plain')!r})"
        for _ in range(3):
            done = subprocess.run(
                [sys.executable, "-P", "-c", code],
                env=_environment(sys.executable),
                stdout=subprocess.PIPE,
                check=True,
                text=True,
            )
            found["memory"].append({"rows": rows, **json.loads(done.stdout)})
    return found
