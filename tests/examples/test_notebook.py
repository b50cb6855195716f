"""examples/notebook.ipynb runs, and shows tables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook.ipynb"


@pytest.mark.filterwarnings("default")  # the kernel's packages are not ours
def test_the_notebook_runs_and_shows_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = "is run with the extra dev, and is not run without it"
    nbformat = pytest.importorskip("nbformat", reason=f"a notebook {missing}")
    nbclient = pytest.importorskip("nbclient", reason=f"a notebook {missing}")
    pytest.importorskip("ipykernel", reason=f"a notebook {missing}")
    # What Jupyter remembers stays within the test.
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("PYTHONWARNINGS", "")
    notebook: Any = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [
        "".join(output["data"].get("text/html", output["data"].get("text/plain", "")))
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "data" in output
    ]
    assert len(shown) == 10
    assert "<caption>database " in shown[0]
    assert "<td>Users.by_email</td><td>100</td>" in shown[0]
    assert "<td>index by_city</td><td>over city (nullable)</td>" in shown[1]
    assert shown[2].count("<tr>") == 11  # a head and ten rows
    assert "the first 10 rows" in shown[2]
    assert shown[3].count("<tr>") == 4
    assert "<caption>series Temperatures</caption>" in shown[5]
    assert "<td>celsius</td><td>float32</td>" in shown[5]
    assert shown[6].count("<tr>") == 3  # a head and two towns
    assert "<td>1,440</td><td>2026-01-05T00:00:00.000000000</td>" in shown[6]
    assert "slice of &#x27;Bonn&#x27;: 360 ticks" in shown[7]
    assert "the first 10 ticks" in shown[7]
    assert "<th>celsius_max</th>" in shown[8]
    assert shown[9] == "{'all': 100, 'in Bonn': 67, 'nowhere': 33}"


def test_the_notebook_is_kept_without_results() -> None:
    text = NOTEBOOK.read_text()
    assert '"outputs": []' in text
    assert '"output_type"' not in text
    assert '"execution_count": null' in text
    assert os.path.getsize(NOTEBOOK) < 10_000
