"""Where the names of docstrings and annotations are found.

Docstrings name what they mean as a program spells it (``DuplicateKey``, ``errors.DuplicateKey``), and annotations name
the module in which a class happens to be defined. Both lead to the place where the name is documented.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.domains.python import PythonDomain
from sphinx.util.nodes import make_refnode

import zlmdb

PACKAGE = Path(zlmdb.__file__).parent
#: The heading of a section of a docstring.
HEADING = re.compile(r"^(\w+):$")
#: Errors and when they are raised; several names may share a reason.
ERRORS = re.compile(r"^    (?P<names>\w+(?:, \w+)*(?: \(also \w+\))?): (?P<rest>.*)$")
ALSO = re.compile(r" \((also \w+)\)")
PRIVATE = re.compile(r", _\w+: [^,()]+ = [^,()]+(?=[,)])")
#: Where a name that two places have is taken from.
ORDER = ("zlmdb", "zlmdb.keys", "zlmdb.values", "zlmdb.testing", "zlmdb.engine")
#: Names of classes that are documented under the name that a program knows.
SHOWN = {"PersistentMap": "Map"}
#: Where Python's own names of types are looked up.
PYTHON = ("", "typing.", "collections.abc.", "datetime.", "uuid.", "types.", "os.", "enum.", "decimal.", "contextlib.")


def resolve(app: Any, env: Any, node: Any, contnode: nodes.Node) -> nodes.Node | None:
    """The documented place of a name that Sphinx did not find as it is written."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    if target.startswith(("numpy", "np.", "lmdb.")):
        return None
    last = SHOWN.get(target.rpartition(".")[2], target.rpartition(".")[2])
    domain = env.get_domain("py")
    if not isinstance(domain, PythonDomain):
        return None
    found = sorted(
        (name for name in domain.objects if name.rpartition(".")[2] == last and name.startswith("zlmdb.")),
        key=lambda name: (place(name), len(name), name),
    )
    owner = target.split(".")
    if len(owner) > 1:  # a method: of the class that is named, if it is named
        found = [name for name in found if name.split(".")[-2] == owner[-2]] or found
    for name in found:
        entry = domain.objects[name]
        is_member = entry.objtype in ("method", "property", "attribute")
        if is_member and node.get("reftype") in ("class", "exc", "obj", None):
            continue
        return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, contnode, name)
    return python_name(app, env, node, contnode, last) or internal(node, contnode, last)


@functools.cache
def sources() -> str:
    """The source of the whole package."""
    return "\n".join(path.read_text() for path in sorted(PACKAGE.rglob("*.py")))


def internal(node: Any, contnode: nodes.Node, last: str) -> nodes.Node | None:
    """The name without a link, if it is a type of the package that annotations name and programs do not."""
    if node.get("refdomain") != "py" or node.get("reftype") != "class" or not last.isidentifier():
        return None
    return contnode if re.search(rf"^(class {last}\b|{last} = )", sources(), re.M) else None


def python_name(app: Any, env: Any, node: Any, contnode: nodes.Node, last: str) -> nodes.Node | None:
    """A link to Python's own documentation, for a name written without its module."""
    from sphinx.ext.intersphinx import resolve_reference_any_inventory

    for module in PYTHON:
        for role in ("class", "exc", "obj", "data"):
            wanted = node.copy()
            wanted["reftarget"], wanted["reftype"] = module + last, role
            found = resolve_reference_any_inventory(env, False, wanted, contnode)
            if found is not None:
                return found
    return None


def place(name: str) -> int:
    """Which of two names is meant: the one that programs use first."""
    module = name.rpartition(".")[0]
    return ORDER.index(module) if module in ORDER else len(ORDER)


#: Docstrings of attributes, as they were before napoleon took "text: more text" for a type and a description.
_kept: dict[str, list[str]] = {}


def prepare(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Prepare a docstring for napoleon.

    Each error gets a line of its own: "A, B: if ..." becomes "A: likewise" and "B: if ...". What is returned is prose,
    in which a colon parts no type from its description.
    """
    if what in ("attribute", "data", "property"):
        _kept[name] = list(lines)
        return
    made: list[str] = []
    section = ""
    entries: list[tuple[str, list[str]]] = []
    for line in [*lines, ""]:
        heading = HEADING.match(line)
        if section and (heading or (not line.strip() and section != "Returns")):
            made += _errors(entries)
            entries, section = [], ""
        if heading and heading[1] in ("Raises", "Returns"):
            section = heading[1]
            made += ["", ":returns:"] if section == "Returns" else [line]
        elif section == "Returns":
            if line.strip():
                made[-1 if made[-1] == ":returns:" else len(made) :] = (
                    [f":returns: {line.strip()}"] if made[-1] == ":returns:" else [f"    {line.strip()}"]
                )
            else:
                made.append("")
                section = ""
        elif section == "Raises":
            named = ERRORS.match(line)
            if named:
                entries.append((named["names"], [named["rest"]]))
            elif entries:
                entries[-1][1].append(line.strip())
            else:
                made.append(line)
        else:
            made.append(line)
    lines[:] = made


def _errors(entries: list[tuple[str, list[str]]]) -> list[str]:
    """The lines of a section of errors, an entry for each error."""
    made = []
    for names, texts in entries:
        also = ALSO.search(names)
        text = " ".join(texts)
        for name in ALSO.sub("", names).split(", "):
            made.append(f"    {name}: {text}{f' ({also[1]})' if also else ''}")
    return made


def hide_private(
    app: Any, what: str, name: str, obj: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Leave arguments out of a signature that are the package's own business, or those of every error alike."""
    if signature is not None:
        if what == "exception" and obj is not zlmdb.ZlmdbError and "__init__" not in vars(obj):
            return "", ""
        signature = PRIVATE.sub("", signature)
    return signature, returns


def restore(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Give an attribute its docstring back."""
    if what in ("attribute", "data", "property") and name in _kept:
        lines[:] = _kept.pop(name)


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("missing-reference", resolve)
    app.connect("autodoc-process-docstring", prepare, priority=100)  # before napoleon
    app.connect("autodoc-process-docstring", restore, priority=900)  # after it
    app.connect("autodoc-process-signature", hide_private)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
