# Executable documentation: bare `make` prints what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The other versions of Python that we promise to run on.
OTHERS ?= 3.12 3.13
# With wheels/ filled (make wheels, for the Python of .venv), nothing is asked of any package index.
FROM_WHEELS := $(if $(and $(filter .venv,$(VENV)),$(wildcard wheels/*.whl)),--no-index --find-links wheels,)
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(FROM_WHEELS)
OFFLINE_BUILD := --no-deps --no-build-isolation

# An environment whose Python has gone (the system brought a newer one) is made anew.
ifneq ($(wildcard $(VENV)/.python),)
  $(shell $(BIN)/python -c '' 2>/dev/null || rm -f $(VENV)/.python)
endif

.DEFAULT_GOAL := help
.PHONY: help setup run demo test test-others check golden docs lock wheels wheel clean

help:  ## print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed  ## prepare .venv with everything needed to run (console script: .venv/bin/monitor)

run: setup  ## watch the feeds of feeds.yaml; review page on http://127.0.0.1:8000
	$(BIN)/monitor run

demo: setup  ## show the whole job on the sample newsroom; Ctrl-C ends it
	$(BIN)/monitor demo $(ARGS)

test: $(VENV)/.installed-dev  ## run the tests (ARGS="tests/core -k dates" to choose)
	$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),-n 2 --dist loadgroup)

test-others:  ## run the tests on Python 3.12 and 3.13 too, where they are found (ARGS as with test)
	@for version in $(OTHERS); do \
	  found=; \
	  for one in python$$version $${PYENV_ROOT:-$$HOME/.pyenv}/versions/$$version.*/bin/python; do \
	    if "$$one" -c 'import venv, ensurepip' 2>/dev/null; then found=$$one; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then echo "Python $$version: skipped, not found"; continue; fi; \
	  echo "Python $$version: $$found"; \
	  $(MAKE) --no-print-directory test VENV=.venv-$$version PYTHON="$$found" || failed="$$failed $$version"; \
	done; \
	if [ -n "$$failed" ]; then echo "Failed on Python$$failed"; exit 1; fi

check: $(VENV)/.installed-dev  ## lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

golden: $(VENV)/.installed-dev  ## rewrite the golden files; read the diff before committing it
	$(BIN)/python -m pytest --golden tests

docs: $(VENV)/.installed-dev  ## rewrite the generated reference pages and schemas
	$(BIN)/python -m monitor.reference

lock:  ## resolve the lock files anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --no-header --quiet pyproject.toml --group build -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --no-header --quiet pyproject.toml --group build --group dev \
	  -c requirements.lock -o requirements-dev.lock

wheels: $(VENV)/.python  ## fill wheels/ so that setup and test work without any network
	$(BIN)/python -m pip download --quiet --require-hashes -r requirements-dev.lock -d wheels

wheel: $(VENV)/.installed-dev  ## build dist/*.whl
	$(BIN)/python -m pip wheel --quiet $(OFFLINE_BUILD) -w dist .

clean:  ## remove .venv, .venv-3.* and caches; var/ (your data) stays
	rm -rf .venv .venv-3.* dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/.python:
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing. Install it: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed, this is $$($(PYTHON) --version). Name another one: make PYTHON=python3.12 setup"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing. Install it: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.python requirements.lock pyproject.toml
	@echo "Installing (a minute or two the first time) ..."
	$(PIP_INSTALL) --require-hashes -r requirements.lock
	$(PIP_INSTALL) $(OFFLINE_BUILD) --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@echo "Installing what the tests need ..."
	$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@
