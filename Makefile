# Two commands do everything from a fresh clone: `make run` and `make test`.
# Needs Python >= 3.11 with venv, make and the package registries; nothing else.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# Hundreds of processes start in the tests, dozens in a run: none but the first should have to compile.
unexport PYTHONDONTWRITEBYTECODE

SLOT_SECONDS ?=
SCENARIO ?=
HOMES ?=
VALIDATORS ?= 4
DAY ?= 06-15
OUT ?= .
SOAK_MINUTES ?= 0
SOAK_SEED ?= 1000
SOAK_QUARTER_MINUTES = $(shell echo $$(($(SOAK_MINUTES) / 4)).$$(($(SOAK_MINUTES) % 4 * 25)))
MINUTES ?= 10
DAY_AHEAD ?=
DATA ?=
DEVICES ?= 0
STUDY ?=

.PHONY: help setup setup-dev run test lint types imports proto proto-check unit bench soak fuzz partitions compose-test study-disk study-4 study-5 study-6 lock clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# Pip comes last: without it an environment was not finished.
.venv/bin/pip:
	@test -n "$(PYTHON)" || { echo "vdg needs Python 3.11 or newer; none was found on PATH. Set PYTHON=/path/to/python3."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) can't make a virtual environment: install what it lacks \
	(Debian, Ubuntu: apt install python3-venv), or set PYTHON=/path/to/another/python3."; exit 1; }
	$(PYTHON) -m venv --clear .venv

.venv/.setup: requirements.txt pyproject.toml | .venv/bin/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.setup-dev: requirements-dev.txt .venv/.setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

setup: .venv/.setup ## Set up .venv and CometBFT; the command is then .venv/bin/vdg
	@$(BIN)/python -m node.toolchain

setup-dev: setup .venv/.setup-dev
	@$(BIN)/python -m node.toolchain v0.38.25 # the older line, for the compatibility tests

run: setup ## A neighbourhood's whole day on real validators; writes report.json and report.html
	@exec $(BIN)/vdg run $(if $(SLOT_SECONDS),--slot-seconds $(SLOT_SECONDS)) $(if $(HOMES),--homes $(HOMES)) --validators $(VALIDATORS) --day $(DAY) --out $(OUT) \
	--devices $(DEVICES) $(if $(DAY_AHEAD),--day-ahead $(DAY_AHEAD)) $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(DATA),--data $(DATA))

test: setup-dev lint types imports proto-check unit ## Set up and run all checks

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy

imports:
	$(BIN)/lint-imports

proto: setup-dev ## Regenerate wire/gen from proto/
	$(BIN)/python proto/generate.py

proto-check:
	cd proto && ../$(BIN)/buf lint
	$(BIN)/python proto/generate.py --check

# Three processes, since tests of networks mostly wait; each takes the next test when it is done with its own,
# whole neighbourhoods one at a time.
unit:
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered --cov-fail-under=95 -n 3 --dist loadgroup

# Each is run, also where one before it has missed a bar.
bench: setup-dev ## Throughput beside CometBFT's kvstore, clearing, settlement (about ten minutes; quiet machine)
	@missed=; for bench in clearing settlement planning phases grid state proofs snapshots throughput; do \
		$(BIN)/python -m tests.bench.$$bench || missed="$$missed $$bench"; \
	done; test -z "$$missed" || { echo "failed, or missed a bar:$$missed"; exit 1; }

partitions: setup-dev ## Cut, bend and slow the lines between four validators (nine minutes; needs user namespaces or root)
	unshare --user --map-root-user --net -- $(BIN)/python -m tests.partitions.campaign $(if $(SECONDS_BY_CHANCE),--seconds $(SECONDS_BY_CHANCE))

compose-test: ## Build the image and live a short day in containers, killing some (needs Docker; ten minutes)
	@test -n "$(PYTHON)" || { echo "make compose-test needs Python 3.11 or newer; none was found on PATH."; exit 1; }
	$(PYTHON) -m tests.containers.compose_test

study-disk: setup-dev ## How a validator's disk grows with a day of 37 homes (six minutes; quiet machine)
	$(BIN)/python -m tests.bench.disk

study-4: setup ## Chapter 4 of the thesis beside ours: the market and the grid (about ten minutes)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m studies.chapter4 $(STUDY)

study-5: setup ## Chapter 5: phase switching (about five minutes)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m studies.chapter5 $(STUDY)

study-6: setup ## Chapter 6: real-time control (about ten minutes)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m studies.chapter6 $(STUDY)

# A quarter of the time for each of the four; kills and faults of lines take their one round, however long that is.
soak: setup-dev ## Simulator, fuzzing, kills, faults of lines: SOAK_MINUTES=240 in all; each once at least (half an hour)
	$(BIN)/python -m tests.simulator --seed $(SOAK_SEED) --minutes $(SOAK_QUARTER_MINUTES)
	$(BIN)/python -m tests.crash.soak --seed $(SOAK_SEED) --minutes $(SOAK_QUARTER_MINUTES) --out build/soak-crash.json
	$(MAKE) partitions $(if $(filter-out 0,$(SOAK_MINUTES)),SECONDS_BY_CHANCE=$$((15 * $(SOAK_MINUTES))))
	$(BIN)/python -m tests.fuzz --minutes $(SOAK_QUARTER_MINUTES)

fuzz: setup-dev ## Coverage-guided fuzzing of what reads bytes from others: MINUTES=30 in all
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES)

lock: ## Rebuild the locked requirements (needs `uv` on PATH)
	for f in requirements requirements-dev requirements-go; do \
		uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url $$f.in -o $$f.txt; done

clean: ## Remove what was built here (the CometBFT cache stays)
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache
