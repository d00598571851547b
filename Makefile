# Two commands: `make demo` starts everything, `make test` checks everything. Both work on a fresh Debian.
# `make demo PORT=8100 FIRST=9300` takes other ports; `make test PYTEST="-k opt_out"` chooses tests.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check types lint unit setup lock clean

demo: setup
	$(BIN)/joinup demo $(if $(PORT),--port $(PORT)) $(if $(FIRST),--first $(FIRST))

test: setup packages check
	$(BIN)/pytest -n 2 --dist loadgroup $(PYTEST)

check: lint types
	$(BIN)/joinup schema check

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

setup: .venv/.ready

.venv/.ready: requirements-dev.lock pyproject.toml scripts/environment
	PYTHON=$(PYTHON) scripts/environment
	touch $@

.PHONY: packages
packages:
	scripts/packages

lock: ## write the lock files anew from pyproject.toml
	scripts/lock

clean:
	rm -rf .venv var build .mypy_cache .ruff_cache .pytest_cache .hypothesis
