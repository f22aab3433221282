# Needs Python 3.11 or 3.12, Java 17+ and make; everything else is set up by the first target that needs it.
#   make PYTHON=python3.12 test     another Python
#   make DEVICE=gpu quickstart      vLLM for NVIDIA GPUs instead of the CPU build
#   make WORKERS=0 test             all tests one after the other, in one process
PYTHON ?= $(shell sh setup/find-python.sh)
DEVICE ?= cpu
VENV ?= .venv
# Two finish in nine tenths of the time on two cores; each holds a Spark session of up to 2 GB.
WORKERS ?= 2

VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
READY := $(VENV)/ready-$(DEVICE)-$(VERSION)
BIN := $(VENV)/bin

.PHONY: help quickstart train-demo warm-up test test-fast test-cluster lint format typecheck bench doctor package clean requirements preflight install
.DEFAULT_GOAL := help

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

quickstart: $(READY) ## Judge the shipped sample with a small real model and show the verdicts (minutes)
	@$(BIN)/python -m judgelake.quickstart

# LABELS, FORMAT, TEST, TEST_FORMAT and FILE are options of the demo; ARGS takes its others, such as ARGS="--most-learned 400".
train-demo: $(READY) ## Train a small judge on labels, compare it, promote it, judge a file (minutes); LABELS=mine.jsonl
	@$(BIN)/python -m judgelake.quickstart.train_demo $(if $(LABELS),--labels $(LABELS)) $(if $(FORMAT),--format $(FORMAT)) \
		$(if $(TEST),--test $(TEST)) $(if $(TEST_FORMAT),--test-format $(TEST_FORMAT)) $(if $(FILE),--file $(FILE)) $(ARGS)

test: warm-up lint typecheck ## All checks and tests: ruff, mypy, pytest with Spark and a real vLLM
	$(BIN)/python -m pytest -n $(WORKERS) -m "not cluster"

# Beside the checks, which leave a core idle: Java's archive of classes, which all sessions of the tests map.
warm-up: $(READY)
	@$(BIN)/python tests/support/warm_up.py >/dev/null 2>&1 &

test-fast: $(READY) ## Tests without Spark or vLLM (seconds)
	$(BIN)/python -m pytest tests/unit

test-cluster: $(READY) ## All tests on a Spark cluster of this machine with pretended GPUs (minutes)
	$(BIN)/python -m pytest tests/cluster

lint: $(READY) ## Lint and format check
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(READY) ## Format the code and fix what ruff can fix
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

typecheck: $(READY) ## Types: mypy, strict everywhere
	$(BIN)/mypy

bench: $(READY) ## Benchmarks; benchmarks/README.md says what they measure
	$(BIN)/python benchmarks/small_jobs.py
	$(BIN)/python benchmarks/parsers.py
	$(BIN)/python benchmarks/planning.py
	$(BIN)/python benchmarks/evaluation.py
	$(BIN)/python benchmarks/throughput.py --layers 4

doctor: $(READY) ## Check Java, Spark, Delta, vLLM, GPU, model, MLflow, disk and memory
	@$(BIN)/judgelake doctor

package: $(READY) ## Build dist/: a wheel, and the same as a zip for spark-submit --py-files
	@$(PYTHON) setup/package.py

requirements: ## Pin the newest allowed packages again: requirements/*.txt
	sh setup/pin-requirements.sh

clean: ## Remove caches and builds; keep tables, models and .venv
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis spark-warehouse derby.log metastore_db
	find lib jobs tests benchmarks setup -name __pycache__ -type d -prune -exec rm -rf {} +

# These start Spark, and most of them vLLM.
quickstart bench: NEEDS := --java --memory-gib 6
train-demo: NEEDS := --java --memory-gib 12
test test-cluster: NEEDS := --java --memory-gib 9

preflight:
	@$(PYTHON) setup/preflight.py --venv $(VENV) $(NEEDS) $(if $(wildcard $(READY)),--installed)

install: $(READY)

# Order-only: the checks run first each time, but passing them does not cause a new installation.
$(READY): requirements/$(DEVICE).txt pyproject.toml | preflight
	@$(PYTHON) setup/install.py --venv $(VENV) --requirements $< --stamp $@
