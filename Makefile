# `make help` lists what there is to do. PYTHON= chooses the interpreter of .venv, PORT= the port of the local API, STAGE= what to deploy.

PYTHON ?= python3
VENV := .venv/bin
INSTALLED := .venv/installed
DEVELOPING := .venv/developing
LINTER := .venv/linter

.DEFAULT_GOAL := help
STAGE ?= dev
.PHONY: help up down status watch synth diff deploy settle drift destroy test simulate race fuzz lint bench experiment

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(INSTALLED) ## Start the service on this machine (PORT=8000) and print how to use it
	@$(VENV)/python -m stack up $(if $(PORT),--port '$(PORT)')

down: $(INSTALLED) ## Stop it; its state is kept in .local/
	@$(VENV)/python -m stack down

status: $(INSTALLED) ## Say what is running where
	@$(VENV)/python -m stack status

watch: $(INSTALLED) ## Deploy the app to the local engine at every change of it
	@$(VENV)/python -m stack watch

synth: $(INSTALLED) ## Print the template that `deploy` hands to CloudFormation (STAGE=dev)
	@$(VENV)/python -m stack synth --stage '$(STAGE)'

diff: $(INSTALLED) ## Say what a deployment would change in the AWS account (STAGE=dev)
	@$(VENV)/python -m stack diff --stage '$(STAGE)'

deploy: $(INSTALLED) ## Deploy data, compute, and what watches them, to the AWS account (STAGE=dev)
	@$(VENV)/python -m stack deploy --stage '$(STAGE)'

settle: $(INSTALLED) ## Set what `chalice deploy` cannot, and what was set otherwise by hand (STAGE=dev)
	@$(VENV)/python -m stack settle --stage '$(STAGE)'

drift: $(INSTALLED) ## Say what in the AWS account is not as it should be (STAGE=dev)
	@$(VENV)/python -m stack drift --stage '$(STAGE)'

destroy: $(INSTALLED) ## Delete the compute stack and its alarms from the AWS account; the data stays (STAGE=dev)
	@$(VENV)/python -m stack destroy --stage '$(STAGE)'

test: $(DEVELOPING) ## Run every test, on an engine of its own
	@$(VENV)/python -m pytest -n auto --maxprocesses 4

simulate: $(DEVELOPING) ## Run 100,000 simulated schedules, the aggregation game, and the comparison (minutes)
	@$(VENV)/python -m tests.simulation --schedules 100000
	@$(VENV)/python -m tests.simulation --game --engine emulator
	@$(VENV)/python -m tests.simulation --compare

race: $(DEVELOPING) ## Have eight clients race for minutes, and check that all they saw is linearizable (OPERATIONS= SEED=)
	@OPERATIONS='$(or $(OPERATIONS),2000)' SEED='$(or $(SEED),1)' $(VENV)/python -m pytest tests/http/write/test_linearizability.py

fuzz: $(DEVELOPING) ## Let Schemathesis hold the deployed service to its contract for long (EXAMPLES=1000 for each operation)
	@FUZZ_EXAMPLES='$(or $(EXAMPLES),1000)' $(VENV)/python -m pytest tests/contract -s

lint: $(LINTER) ## Check style, types, and the API's contract
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy
	@$(VENV)/python -m tests.contract.lint

bench: $(DEVELOPING) ## Measure, and print the table of the README
	@$(VENV)/python -m bench

experiment: $(DEVELOPING) ## Let the deployed Lambdas fail at random under EVENTS=20000, and draw what came of it into docs/
	@$(VENV)/python -m bench.experiment $(if $(EVENTS),--events '$(EVENTS)')

define pip
@$(VENV)/python -m pip install --quiet --disable-pip-version-check -r $(1) || { \
  echo "error: the dependencies could not be installed; the reason stands above. Without a network there is no way:" >&2; \
  echo "       pip fetches them from PyPI, or from the index that PIP_INDEX_URL names." >&2; \
  exit 1; }
endef

# What follows is made again only when a requirements file changes. The first empties .venv, so the others come after it.
$(INSTALLED): requirements.txt requirements-local.txt
	@command -v '$(PYTHON)' >/dev/null || { \
	  echo "error: there is no '$(PYTHON)' here; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3" >&2; \
	  exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: Python 3.11 or newer is needed, and '$(PYTHON)' is $$('$(PYTHON)' -V 2>&1); name another: make PYTHON=python3.12" >&2; \
	  exit 1; }
	@echo "· installing the dependencies into .venv (once)"
	@'$(PYTHON)' -m venv --clear .venv || { \
	  echo "error: '$(PYTHON)' cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(call pip,requirements-local.txt)
	@touch $@

$(DEVELOPING): $(INSTALLED) requirements-dev.txt
	@echo "· installing what developing needs into .venv, too (once)"
	$(call pip,requirements-dev.txt)
	@touch $@

# After what developing needs, not beside it: under `make -j` two pips would change .venv at once.
$(LINTER): $(DEVELOPING) requirements-lint.txt tests/contract/lint.py
	@echo "· installing the linter of the API's contract (once)"
	$(call pip,requirements-lint.txt)
	@$(VENV)/python -m tests.contract.lint --install
	@touch $@
