"""The site as a reader meets it: a browser opens its pages, wide and on a phone, by day and by night."""

from __future__ import annotations

import functools
import http.server
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import browser

#: On the widest, code and tables get more room than prose.
WIDEST, WIDE, PHONE = (1440, 900), (1280, 900), (390, 844)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Where the site is served, on this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    """A browser."""
    program = browser.find()
    if program is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium brings one")
    if not sys.platform.startswith("linux"):
        pytest.skip("the browser is driven over inherited pipes, which is written for Linux")
    with browser.Browser(program, tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.fixture
def page(opened: browser.Browser) -> Iterator[browser.Browser]:
    """The browser, wide and light; a test must leave no complaint behind."""
    opened.problems.clear()
    opened.size(*WIDE)
    yield opened
    assert opened.problems == []


def test_the_front_page_shows_the_example_and_the_way(page: browser.Browser, address: str) -> None:
    page.go(f"{address}/index.html")
    assert page.run("document.querySelector('h1').innerText").startswith("zlmdb")
    assert "zlmdb.MapUuidCbor[User]" in page.run("document.querySelector('article').innerText")
    links = page.run("[...document.querySelectorAll('.sidebar-tree a')].map(a => a.innerText)")
    assert {"Installation", "Tables", "Recipes", "Reference", "Performance"} <= set(links)
    logo = page.run("[...document.querySelectorAll('img.sidebar-logo')].map(i => i.complete && i.naturalWidth > 0)")
    assert logo == [True, True]  # by day and by night


def test_a_search_for_index_gives_the_guide(page: browser.Browser, address: str) -> None:
    page.go(f"{address}/index.html")
    page.run("document.querySelector('.sidebar-search').value = 'index'")
    page.run("document.querySelector('form.sidebar-search-container').submit()")
    found = page.wait(
        "location.pathname.endsWith('search.html') && document.querySelectorAll('#search-results li').length > 5"
        " && [...document.querySelectorAll('#search-results li a')].map(a => a.getAttribute('href'))"
    )
    assert any(link.startswith("orm/indexes.html") for link in found[:10]), found[:10]


def test_the_tutorial_shows_code_and_its_diagram(page: browser.Browser, address: str) -> None:
    page.go(f"{address}/start/tutorial.html")
    coloured = page.run("document.querySelectorAll('.highlight-python .k, .highlight-python .kn').length")
    assert coloured > 10
    boxes = page.run(
        "[...document.querySelectorAll('.drawing svg')].map(s => s.getBoundingClientRect())"
        ".map(r => [r.width, r.height])"
    )
    assert len(boxes) == 1
    assert min(boxes[0]) > 100
    assert page.run("document.querySelector('.drawing-picture').getAttribute('aria-label')")
    outputs = page.run("document.querySelectorAll('.highlight-output').length")
    assert outputs >= 6
    assert page.run("document.querySelectorAll('button.copybtn').length") > 6


@pytest.mark.parametrize(
    "name", ["index", "start/tutorial", "performance", "reference/api/database", "explanation/comparison"]
)
def test_a_page_reads_by_night(page: browser.Browser, address: str, name: str) -> None:
    page.size(*WIDE, dark=True)
    page.go(f"{address}/{name}.html")
    background, text = page.run(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        ".map(c => c.match(/\\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b))"
    )
    assert background < 150 < text
    # Drawings take their colours from the page: no dark text on it.
    fills = page.run(
        "[...document.querySelectorAll('.drawing svg text')].map(t => getComputedStyle(t).fill)"
        ".map(c => c.match(/\\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b))"
    )
    assert all(fill > 300 for fill in fills if fill is not None) or name == "start/tutorial"


def test_every_page_fits_a_phone_and_a_wide_screen(page: browser.Browser, address: str, site: Path) -> None:
    """No page is wider than the screen; wide tables, code and drawings scroll by themselves. None complains."""
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html") if "_static" not in path.parts)
    assert len(names) > 50
    wide = []
    for name in names:
        page.size(*PHONE)
        page.go(f"{address}/{name}")
        if page.run("document.documentElement.scrollWidth > window.innerWidth"):
            wide.append(f"{name} at {PHONE[0]}")
        for size in (WIDE, WIDEST):
            page.size(*size)
            if page.run("document.documentElement.scrollWidth > window.innerWidth"):
                wide.append(f"{name} at {size[0]}")
        assert page.run("document.querySelector('article') !== null"), name
    assert wide == []


def test_a_telephone_gets_drawings_of_its_own(page: browser.Browser, address: str) -> None:
    """What would be too small to read there is drawn again, or keeps its size and scrolls."""
    shown = (
        "[...document.querySelectorAll('.drawing-picture')].filter(d => d.offsetWidth)"
        ".map(d => [d.className, d.scrollWidth > d.clientWidth])"
    )
    page.size(*PHONE)
    page.go(f"{address}/performance.html")
    drawings = page.run(shown)
    assert ["drawing-picture on-narrow", False] in drawings
    assert not any(scrolls for _, scrolls in drawings)
    page.size(*WIDE)
    assert not any("on-narrow" in kind for kind, _ in page.run(shown))
    page.size(*PHONE)
    page.go(f"{address}/start/tutorial.html")
    assert page.run(shown) == [["drawing-picture keeps-size", True]]


def test_the_front_page_says_at_once_what_it_is(page: browser.Browser, address: str) -> None:
    """Sentence, ways on and figures are seen without scrolling."""
    page.go(f"{address}/index.html")
    low = page.run(
        "['.front-lead', '.front-ways', '.figures'].map(s => document.querySelector(s).getBoundingClientRect().bottom)"
    )
    assert max(low) < WIDE[1]
    assert page.run("document.querySelectorAll('.figures .figure-card').length") == 4


def test_a_page_that_is_not_there_is_a_complaint(opened: browser.Browser, address: str) -> None:
    """That the browser reports what is missing, so that its silence means something."""
    opened.problems.clear()
    opened.go(f"{address}/nowhere.html")
    assert any("404" in problem for problem in opened.problems)
    opened.go(f"{address}/index.html")
    opened.run("console.error('broken')")
    opened.run("setTimeout(() => { throw new Error('thrown') }, 0)")
    opened.run("new Promise(done => setTimeout(done, 50))")
    assert any("broken" in problem for problem in opened.problems)
    assert any("thrown" in problem for problem in opened.problems)
    opened.problems.clear()
