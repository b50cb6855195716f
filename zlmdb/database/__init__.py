"""Databases: one open file, its catalog of tables, its schema and its transactions."""

from zlmdb.database.database import Database
from zlmdb.database.opening import open
from zlmdb.database.schema import Schema
from zlmdb.database.stats import TransactionStats
from zlmdb.database.transaction import Transaction

__all__ = ["Database", "Schema", "Transaction", "TransactionStats", "open"]
