"""Functions that programs of earlier releases call to arrange their imports of FlatBuffers."""

from __future__ import annotations

__all__ = ["check_autobahn_flatbuffers_version_in_sync", "setup_flatbuffers_import"]


def setup_flatbuffers_import() -> None:
    """Make ``import flatbuffers`` work: it does, with the runtime from PyPI that zlmdb depends on.

    >>> import zlmdb
    >>> zlmdb.setup_flatbuffers_import()
    >>> import flatbuffers
    """


def check_autobahn_flatbuffers_version_in_sync() -> str:
    """The version of the FlatBuffers runtime, if autobahn has the same.

    Raises:
        RuntimeError: if autobahn brings another version.
        ImportError: if autobahn is not installed.
    """
    import flatbuffers
    from autobahn import flatbuffers as theirs  # type: ignore[import-not-found, unused-ignore]

    ours: str = flatbuffers.__version__
    if ours != theirs.__version__:
        raise RuntimeError(
            f"expected autobahn to bring the FlatBuffers runtime {ours} that zlmdb uses, found {theirs.__version__}; "
            "install versions of the two that agree"
        )
    return ours
