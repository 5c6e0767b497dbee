# Executable documentation: bare `make` prints what there is.
PYTHON ?= python3
BIN := .venv/bin
# With wheels/ filled (make wheels), nothing is asked of any package index.
FROM_WHEELS := $(if $(wildcard wheels/*.whl),--no-index --find-links wheels,)
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(FROM_WHEELS)
OFFLINE_BUILD := --no-deps --no-build-isolation

.DEFAULT_GOAL := help
.PHONY: help setup run demo test check golden schema docs lock wheels wheel clean

help:  ## print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.installed  ## prepare .venv with everything needed to run (console script: .venv/bin/monitor)

run: setup  ## watch the feeds of feeds.yaml; review page on http://127.0.0.1:8000
	$(BIN)/monitor run

demo: setup  ## show the whole job on the sample newsroom; Ctrl-C ends it
	$(BIN)/monitor demo $(ARGS)

test: .venv/.installed-dev  ## run the tests (ARGS="tests/core -k dates" to choose)
	$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),-n 2 --dist loadgroup)

check: .venv/.installed-dev  ## lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

golden: .venv/.installed-dev  ## rewrite the golden files; read the diff before committing it
	$(BIN)/python -m pytest --golden tests

docs: .venv/.installed-dev  ## rewrite the generated reference pages and schemas
	$(BIN)/python -m monitor.reference

lock:  ## resolve the lock files anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --no-header --quiet pyproject.toml --group build -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --no-header --quiet pyproject.toml --group build --group dev \
	  -c requirements.lock -o requirements-dev.lock

wheels: .venv/.python  ## fill wheels/ so that setup and test work without any network
	$(BIN)/python -m pip download --quiet --require-hashes -r requirements-dev.lock -d wheels

wheel: .venv/.installed-dev  ## build dist/*.whl
	$(BIN)/python -m pip wheel --quiet $(OFFLINE_BUILD) -w dist .

clean:  ## remove .venv and caches; var/ (your data) stays
	rm -rf .venv dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.venv/.python:
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing. Install it: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed, this is $$($(PYTHON) --version). Name another one: make PYTHON=python3.12 setup"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing. Install it: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.installed: .venv/.python requirements.lock pyproject.toml
	@echo "Installing (a minute or two the first time) ..."
	$(PIP_INSTALL) --require-hashes -r requirements.lock
	$(PIP_INSTALL) $(OFFLINE_BUILD) --editable .
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.lock
	@echo "Installing what the tests need ..."
	$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@
