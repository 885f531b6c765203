# The two commands of a newcomer: `make demo` and `make test`. Each installs what it needs.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
BIN := .venv/bin

.PHONY: help setup demo test check lock lab format

help: ## show this
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/'

setup: ## system packages, virtual environment and weights
	@scripts/setup

demo: setup ## the clinic on this machine: hub, room, broker, a stand-in for the cloud, a dozen spoken turns
	@$(BIN)/voiceassist demo $(ARGS)

test: setup check ## lint, types, import rules, and every test a bare machine can run
	@$(BIN)/pytest $(ARGS)

check: setup ## lint, strict types, import rules
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

lab: setup ## the playbook against booted test machines (root and cgroup2 needed)
	@$(BIN)/pytest -m lab tests/deploy $(ARGS)

format: setup ## let ruff lay the code out
	@$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## resolve the dependencies anew, with hashes and no addresses
	@scripts/lock
