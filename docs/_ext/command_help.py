"""``.. command-help::``: what the commands of zlmdb say of themselves, from the commands themselves."""

from __future__ import annotations

from typing import Any

import click
from docutils import nodes
from docutils.parsers.rst import Directive

from zlmdb.cli.main import main


def help_texts() -> dict[str, str]:
    """The help of each command, by what is typed to call it."""
    context = click.Context(main, info_name="zlmdb", max_content_width=88)
    found = {"zlmdb": main.get_help(context)}
    if isinstance(main, click.Group):
        for name, command in sorted(main.commands.items()):
            found[f"zlmdb {name}"] = command.get_help(
                click.Context(command, info_name=name, parent=context, max_content_width=88)
            )
    return found


class CommandHelp(Directive):
    """A section for each command."""

    def run(self) -> list[nodes.Node]:
        """The sections."""
        made: list[nodes.Node] = []
        for command, text in help_texts().items():
            section = nodes.section(ids=[nodes.make_id(command)], names=[command])
            section += nodes.title(command, "", nodes.literal(command, command))
            section += nodes.literal_block(text, text, language="text")
            made.append(section)
        return made


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
