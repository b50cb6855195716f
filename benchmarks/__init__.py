"""Workloads that measure zlmdb against hand-written py-lmdb, its own earlier release, and SQLite.

``python -m benchmarks`` runs them; :mod:`benchmarks.report` turns the kept results into tables.
"""
