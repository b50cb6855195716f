"""The version of zlmdb: written here once; the distribution, the package and the CLI read it from here."""

__version__ = "27.1.0"
