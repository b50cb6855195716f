"""The runner of examples finds what is wrong, and lets pass what is right."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.docs import blocks

PRINTS = """
.. code-block:: python

    word = "seen"
    print("first")
    print("second", word)

The output is

.. code-block:: output

    {}
"""


def run(text: str) -> None:
    blocks.run(blocks.examples(text, "page.rst"), "page_of_a_test")


@pytest.mark.parametrize("shown", ["first\n    second seen", "first\n    second ...", "first\n    ..."])
def test_output_that_is_shown_is_compared(shown: str) -> None:
    run(PRINTS.format(shown))


@pytest.mark.parametrize("shown", ["first", "first\n    second", "second seen\n    first", "first\n    second  seen"])
def test_other_output_is_a_failure(shown: str) -> None:
    with pytest.raises(blocks.BlockError, match=r"page\.rst:10: expected the output"):
        run(PRINTS.format(shown))


@pytest.mark.parametrize(
    "after", ["", ".. code-block:: python\n\n    pass\n", ">>> 1\n1\n"], ids=["nothing", "a block", "a doctest"]
)
def test_output_that_is_not_shown_is_a_failure(after: str) -> None:
    with pytest.raises(blocks.BlockError, match=r"(?s)printed what no block.*first\nsecond seen"):
        run(PRINTS.partition("The output")[0] + after)


def test_output_without_a_block_is_a_failure() -> None:
    with pytest.raises(blocks.BlockError, match="without a Python block"):
        run(".. code-block:: output\n\n    word\n")


def test_all_examples_of_a_page_share_a_namespace() -> None:
    run(".. code-block:: python\n\n    x = 1\n\n>>> x + 1\n2\n\n.. code-block:: python\n\n    assert x == 1\n")
    with pytest.raises(AssertionError, match="NameError"):
        run(">>> x\n1\n")


@pytest.mark.parametrize("mark", ["code-block:: python", "code-block:: pycon"])
def test_doctests_run_inside_and_outside_of_blocks(mark: str) -> None:
    page = f"A line.\n\n.. {mark}\n\n    >>> 1 + 1\n    {{}}\n"
    run(page.format(2))
    with pytest.raises(AssertionError, match="line 5"):
        run(page.format(3))


def test_a_block_that_raises_names_its_line() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run("Title\n\n.. code-block:: python\n\n    x = 1\n    x / 0\n")
    last = caught.traceback[-1]
    assert (str(last.path).rpartition("/")[2], last.lineno + 1) == ("page.rst", 6)


def test_blocks_of_other_languages_are_left_alone() -> None:
    run(".. code-block:: shell\n\n    exit 1\n\n.. code-block:: text\n\n    1 / 0\n")


@pytest.mark.parametrize(
    "skip",
    [
        '.. skip: next "there is no such server"',
        '.. skip: next if(1 + 1 == 2, reason="there is no such server")',
    ],
)
def test_what_is_skipped_does_not_run(skip: str) -> None:
    run(f"{skip}\n\n.. code-block:: python\n\n    1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        run(f"{skip}\n\n.. code-block:: python\n\n    1 / 0\n\n.. code-block:: python\n\n    1 / 0\n")


@pytest.mark.parametrize("skip", [".. skip: next", ".. skip: start", '.. skip: next ""', ".. skip: next if(True)"])
def test_a_skip_without_a_reason_is_a_failure(skip: str) -> None:
    with pytest.raises(blocks.BlockError, match=r"page\.rst:1: expected a reason"):
        run(f"{skip}\n\n.. code-block:: python\n\n    1 / 0\n")


@pytest.mark.parametrize(
    "declare",
    [
        lambda annotations: (
            f"{annotations}import zlmdb\nclass Words(zlmdb.MapStringOid):\n    pass\n"
            "class Book(zlmdb.Schema):\n    words: Words\nassert list(Book.tables()) == ['words']\n"
        )
    ],
)
@pytest.mark.parametrize("annotations", ["", "from __future__ import annotations\n"])
def test_annotations_of_a_page_find_its_names(declare: Callable[[str], str], annotations: str) -> None:
    lines = "".join(f"    {line}\n" for line in declare(annotations).splitlines())
    run(f".. code-block:: python\n\n{lines}")


def test_the_docstrings_of_a_module_are_found_with_their_lines() -> None:
    source = '"""One."""\n\nclass A:\n    """Two.\n\n    >>> 1\n    """\n\n    def f(self):\n        "Three."\n'
    assert [(line, text.partition("\n")[0]) for line, text in blocks.docstrings(source)] == [
        (1, "One."),
        (4, "Two."),
        (10, "Three."),
    ]
