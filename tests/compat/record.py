"""Record what each program prints with the earlier release:  python tests/compat/record.py PYTHON [NAME ...]

PYTHON has the earlier release and python-snappy; the texts go to tests/compat/expected.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def programs() -> list[Path]:
    """Every program, in order of name."""
    return sorted(path for path in (HERE / "programs").glob("*.py") if not path.name.startswith("_"))


def output_of(python: str, program: Path, folder: str, *paths: str) -> str:
    """What `program` prints when `python` runs it in `folder`, with `paths` before its own packages."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*paths, str(HERE)]),
        "PYTHONIOENCODING": "utf-8",
        "PYTHONHASHSEED": "0",
    }
    command = [python, "-B", str(program)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    if done.returncode:
        raise RuntimeError(
            f"{program.name} ended with {done.returncode} after\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        )
    return done.stdout


def main(python: str, names: list[str]) -> None:
    for program in programs():
        if names and program.stem not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            text = output_of(python, program, folder)
        (HERE / "expected" / f"{program.stem}.txt").write_text(text, encoding="utf-8")
        print(program.stem, len(text.splitlines()))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
