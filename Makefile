# Everything a newcomer needs: `make demo` shows the processor at work, `make test` proves it.

VENV   ?= .venv
PYTHON ?= python3
WORKERS ?= 2
PYTEST_ARGS ?=
DEMO_ARGS ?=

BIN   := $(VENV)/bin
STAMP := $(VENV)/installed

.DEFAULT_GOAL := help
.PHONY: help install demo test benchmark lint types wheel clean

help:  ## list the targets
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

install: $(STAMP)  ## install system GDAL (if absent), the virtual environment and the project

# The bindings must be those of the system's GDAL: the stamp holds its version, and another one installs anew.
GDAL_VERSION := $(shell gdal-config --version 2>/dev/null)
ifneq ($(GDAL_VERSION),$(shell cat $(STAMP) 2>/dev/null))
.PHONY: $(STAMP)
endif

$(STAMP): setup.cfg pyproject.toml .ci/install
	@PYTHON="$(PYTHON)" .ci/install "$(VENV)"

demo: $(STAMP)  ## make a small L1C scene of known truth, process it to L2A and compare
	@$(BIN)/python -m ipf_plugins.simulator.demo $(DEMO_ARGS)

test: $(STAMP)  ## run the whole test suite
	$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

benchmark: $(STAMP)  ## run the benchmarks (long, one at a time)
	$(BIN)/python -m pytest -o addopts="" -ra --import-mode=importlib --timeout=0 tests/benchmarks $(PYTEST_ARGS)

lint: $(STAMP)  ## check style and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: $(STAMP)  ## check types
	$(BIN)/mypy -p ipf -p ipf_plugins

wheel: $(STAMP)  ## build the wheel into dist/
	rm -rf build
	$(BIN)/python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist .

clean:  ## remove what the other targets made, the virtual environment included
	rm -rf $(VENV) build dist demo *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
