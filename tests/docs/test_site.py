"""The built site: no warning, no dead link, every public name, nothing that needs the network."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import zlib
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

import pytest

import zlmdb
import zlmdb.columns
from zlmdb.tables.times import Times

ROOT = Path(__file__).parents[2]
#: Attributes that docstrings of classes speak of.
NO_METHODS = {"DEL", "PUT", "key", "time"}


class Page(HTMLParser):
    """The anchors, links and resources of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.resources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors.update(found[name] for name in ("id", "name") if found.get(name))
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") in ("stylesheet", "icon", "shortcut icon", "preload"):
            self.resources.append(found["href"])
        elif tag in ("script", "img", "iframe", "source") and found.get("src"):
            self.resources.append(found["src"])


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    """The pages, by their path within the site."""
    paths = sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)
    return {path.relative_to(site).as_posix(): Page(path.read_text()) for path in paths}


def inventory(path: Path) -> dict[str, str]:
    """The names that a site documents, with what each is."""
    *head, body = path.read_bytes().split(b"\n", 4)
    assert b"zlib" in head[3]
    lines = zlib.decompress(body).decode().splitlines()
    return {line.split(" ")[0]: line.split(" ")[1] for line in lines if line.split(" ")[1].startswith("py:")}


def test_the_site_is_built_without_a_warning(built: tuple[Path, str]) -> None:
    assert built[1] == ""


def test_the_pages_that_the_description_names_exist(site: Path) -> None:
    named = """installation lmdb/index lmdb/quickstart orm/index orm/quickstart orm/serialization orm/indexes
               orm/time-series orm/schema-design orm/best-practices performance reference/index"""
    for name in named.split():
        place = "start/installation" if name == "installation" else name
        assert (site / f"{place}.html").is_file(), name


@pytest.mark.parametrize("recipe", sorted((ROOT / "docs" / "recipes").glob("[!i]*.rst")), ids=lambda path: path.stem)
def test_recipes_have_one_form(recipe: Path) -> None:
    titles = re.findall(r"^(.+)\n-+$", recipe.read_text(), re.M)
    assert titles[:4] == ["Goal", "Pattern", "Code", "Pitfalls"]


def test_the_glossary_is_sorted() -> None:
    text = (ROOT / "docs" / "reference" / "glossary.rst").read_text()
    terms = [term.casefold() for term in re.findall(r"^   (\S.*)$", text, re.M)]
    assert terms == sorted(terms)


def test_every_link_and_anchor_leads_somewhere(site: Path, pages: dict[str, Page]) -> None:
    dead = []
    for name, page in pages.items():
        for link in page.links:
            if re.match(r"[a-z]+:", link):
                continue
            target, anchor = urldefrag(urljoin(f"/{name}", link))
            path = unquote(target.lstrip("/")).partition("?")[0] or "index.html"
            if path not in pages:
                if not (site / path).is_file():
                    dead.append(f"{name}: {link}")
            elif anchor and unquote(anchor) not in pages[path].anchors:
                dead.append(f"{name}: {link}")
    assert dead == []


def test_nothing_on_a_page_comes_from_another_machine(site: Path, pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        for resource in page.resources:
            assert not re.match(r"(https?:)?//", resource), f"{name}: {resource}"
            path = urljoin(f"/{name}", resource).partition("?")[0].lstrip("/")
            assert (site / path).is_file(), f"{name}: {resource}"
    for style in site.rglob("*.css"):
        outside = re.findall(
            r"url\(['\"]?((?:https?:)?//[^)'\"]+)|@import\s+['\"]?(https?:[^'\";]+)", style.read_text()
        )
        assert outside == [], style.name


def test_no_markup_is_shown_as_it_is_written(site: Path) -> None:
    for path in sorted((site / "reference").rglob("*.html")):
        text = re.sub(r"<[^>]+>", "", path.read_text())
        assert not re.search(r":(raises|param|returns|meth|class|func|doc|ref)\b", text), path.name


def test_links_to_other_sites_are_of_the_web_and_safe(pages: dict[str, Page]) -> None:
    kinds = defaultdict(list)
    for name, page in pages.items():
        for link in page.links:
            kind = re.match(r"([a-z]+):", link)
            if kind:
                kinds[kind[1]].append(f"{name}: {link}")
    assert set(kinds) <= {"https"}, {kind: links for kind, links in kinds.items() if kind != "https"}


@pytest.mark.parametrize(
    "module", ["zlmdb", "zlmdb.keys", "zlmdb.values", "zlmdb.testing", "zlmdb.errors", "zlmdb.maps", "zlmdb.fbs"]
)
def test_every_public_name_is_documented(site: Path, module: str) -> None:
    documented = inventory(site / "objects.inv")
    places = ("", "keys.", "values.", "errors.", "maps.", "testing.", "lmdb.", "flatbuffers.")
    known = {name.removeprefix("zlmdb.") for name in documented if name.startswith("zlmdb.")}
    own = module.removeprefix("zlmdb").lstrip(".")
    names = importlib.import_module(module).__all__
    missing = [
        name
        for name in names
        if name != "__version__" and not any(f"{place}{name}" in known for place in (f"{own}.", *places))
    ]
    assert missing == []


def test_the_public_methods_are_documented(site: Path) -> None:
    documented = inventory(site / "objects.inv")
    places = {owner: f"zlmdb.{owner.__name__}" for owner in (zlmdb.Database, zlmdb.Transaction, zlmdb.Schema)}
    places |= {owner: f"zlmdb.{owner.__name__}" for owner in (zlmdb.TransactionStats, zlmdb.Series, zlmdb.Slice)}
    places |= {zlmdb.columns.Output: "zlmdb.columns.Output", zlmdb.columns.Result: "zlmdb.columns.Result"}
    places |= {Times: "zlmdb.tables.times.Times"}
    for owner, place in places.items():
        rooms = [base for base in owner.__mro__ if base.__module__.partition(".")[0] == "zlmdb"]
        names = {name for base in rooms for name in vars(base) if not name.startswith("_")}
        missing = sorted(name for name in names - NO_METHODS if f"{place}.{name}" not in documented)
        assert missing == [], owner


def test_every_error_has_a_cause_and_a_remedy() -> None:
    text = (ROOT / "docs" / "reference" / "errors.rst").read_text()
    parts = re.split(r"^\.\. autoexception:: (\w+)$", text, flags=re.M)[1:]
    found = dict(zip(parts[::2], parts[1::2], strict=True))
    assert sorted(found) == sorted(zlmdb.errors.__all__)
    without = [
        name
        for name, part in found.items()
        if name != "ZlmdbError" and not re.search(r"^Cause$.*^Remedy$", part, re.M | re.S)
    ]
    assert without == []


def test_search_knows_the_pages(site: Path) -> None:
    index = (site / "searchindex.js").read_text()
    found: dict[str, Any] = json.loads(re.search(r"Search\.setIndex\((.*)\)", index, re.S)[1])  # type: ignore[index]
    assert "orm/indexes" in found["docnames"]
    assert len(found["docnames"]) > 50


def test_the_generated_code_on_the_page_is_that_of_the_table(site: Path) -> None:
    page = (site / "explanation" / "compilation.html").read_text()
    text = re.sub(r"<[^>]+>", "", page)
    assert "def __setitem__(self, key, row):" in text
    assert "self._check_unique(" in text


@pytest.mark.parametrize("source", sorted((ROOT / "docs" / "diagrams").glob("*.dot")), ids=lambda path: path.stem)
def test_a_diagram_is_drawn_from_its_source(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "diagrams"))
    draw = importlib.import_module("draw")
    drawn = ROOT / "docs" / "_static" / "diagrams" / f"{source.stem}.svg"
    assert f'data-source="{draw.digest(source)}"' in drawn.read_text(), "run python docs/diagrams/draw.py"


def test_no_drawing_is_left_over() -> None:
    drawings = {path.stem for path in (ROOT / "docs" / "_static" / "diagrams").glob("*.svg")}
    assert drawings == {path.stem for path in (ROOT / "docs" / "diagrams").glob("*.dot")}
    pages = "".join(path.read_text() for path in (ROOT / "docs").rglob("*.rst"))
    for path in (ROOT / "docs" / "_static").rglob("*.svg"):
        if path.parent.name in ("diagrams", "plots"):
            assert f"{path.parent.name}/{path.name}" in pages


def test_tables_and_plots_are_those_of_the_kept_results() -> None:
    from benchmarks import site as made

    for path, text in made.files().items():
        assert path.read_text() == text, f"{path.name}: run python -m benchmarks.site"


def test_the_inventory_of_python_is_used_and_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    module = importlib.import_module("python_inventory")
    data = module.inventory((ROOT / "docs" / "_ext" / "python_names.txt").read_text())
    lines = zlib.decompress(data.split(b"\n", 4)[4]).decode().splitlines()
    assert "uuid.UUID py:class 1 library/uuid.html#$ -" in lines
    for line in lines:
        name, role = line.split(" ")[:2]
        owner, _, attribute = name.rpartition(".")
        if role == "py:module":
            assert importlib.import_module(name)
        else:
            assert hasattr(importlib.import_module(owner or "builtins"), attribute), name


def test_make_docs_is_what_the_tests_build() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"python -m sphinx -b html -n -W --keep-going -q .* docs docs/_build/html", makefile)
    assert os.path.basename(sys.executable).startswith("python")
