"""Schemas that examples, tests and documentation share; they are not part of the distribution."""
