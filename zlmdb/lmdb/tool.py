"""The commands of ``python -m zlmdb.lmdb`` as functions: ``lmdb.tool`` under the name ``zlmdb.lmdb.tool``.

Importing this module gives py-lmdb's own module object: state kept in it and patches made to it are shared.
"""

import importlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmdb.tool import BUF_SIZE as BUF_SIZE
    from lmdb.tool import DB as DB
    from lmdb.tool import ENCODING as ENCODING
    from lmdb.tool import ENV as ENV
    from lmdb.tool import SYS_BLOCK as SYS_BLOCK
    from lmdb.tool import DiskStatter as DiskStatter
    from lmdb.tool import all_dbs_map as all_dbs_map
    from lmdb.tool import cmd_copy as cmd_copy
    from lmdb.tool import cmd_copyfd as cmd_copyfd
    from lmdb.tool import cmd_drop as cmd_drop
    from lmdb.tool import cmd_dump as cmd_dump
    from lmdb.tool import cmd_edit as cmd_edit
    from lmdb.tool import cmd_get as cmd_get
    from lmdb.tool import cmd_readers as cmd_readers
    from lmdb.tool import cmd_restore as cmd_restore
    from lmdb.tool import cmd_rewrite as cmd_rewrite
    from lmdb.tool import cmd_shell as cmd_shell
    from lmdb.tool import cmd_stat as cmd_stat
    from lmdb.tool import cmd_verify as cmd_verify
    from lmdb.tool import cmd_warm as cmd_warm
    from lmdb.tool import cmd_watch as cmd_watch
    from lmdb.tool import db_map_from_args as db_map_from_args
    from lmdb.tool import delta as delta
    from lmdb.tool import die as die
    from lmdb.tool import dump_cursor_to_fp as dump_cursor_to_fp
    from lmdb.tool import isprint as isprint
    from lmdb.tool import make_parser as make_parser
    from lmdb.tool import restore_cursor_from_fp as restore_cursor_from_fp
    from lmdb.tool import xxd as xxd

    # py-lmdb leaves main untyped, and calls of untyped functions are errors in strict programs.
    def main(argv: Sequence[str] | None = None) -> None: ...


_tool = importlib.import_module("lmdb.tool")
if __name__ == "__main__":
    _tool.main(sys.argv[1:])
else:
    sys.modules[__name__] = _tool
