"""The earlier release, measured by its own interpreter: a script that is told what to do on standard input, by line.

The checkout must not be on the import path here, because its package has the same name as the one to be measured; so
the package of the benchmarks is made known by hand.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path


def _know_benchmarks() -> None:
    home = Path(__file__).parent
    spec = importlib.util.spec_from_file_location(
        "benchmarks", home / "__init__.py", submodule_search_locations=[str(home)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"expected the package of the benchmarks in {home}")
    package = importlib.util.module_from_spec(spec)
    sys.modules["benchmarks"] = package
    spec.loader.exec_module(package)


def main() -> None:
    """Answer requests until standard input ends."""
    _know_benchmarks()
    # What the measured package prints must not be mistaken for an answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from benchmarks.earlier_style import EarlierStyle
    from benchmarks.measure import BY_NAME, Stand

    class Earlier(EarlierStyle):
        name = "earlier"

    stand = Stand(Earlier, sys.argv[1])
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "run":
            answer = stand.run(**request["arguments"])
        elif request["do"] == "takes_part":
            answer = stand.takes_part(BY_NAME[request["name"]])
        else:
            import zlmdb

            answer = {"python": sys.version.split()[0], "zlmdb": zlmdb.__version__, "file": zlmdb.__file__}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    stand.close()


if __name__ == "__main__":
    main()
