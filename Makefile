# Encoder Studio: every command a newcomer or a maintainer needs.
VENV := .venv
PYTHON := $(VENV)/bin/python
BASE_PYTHON := $(shell for name in python3.13 python3.12 python3.11 python3 python; do \
	command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& command -v $$name && break; done)
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check

# Where it is set, each of the hundreds of processes that the tests start compiles all code anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-faults unit check fix docs quality quality-short bench bench-first-model bench-pages bench-training bench-trainers bench-shares bench-scaling bench-starts bench-costs bench-estimates bench-prediction bench-streaming bench-import bench-browse bench-leaks bench-detection bench-kills bench-gpu bench-gpu-queue bench-jobs soak presets screenshots

help: ## List the targets, one sentence each.
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(PYTHON):
	@test -n "$(BASE_PYTHON)" || { echo "Python 3.11 or newer is not installed. Install it (https://www.python.org/downloads or 'apt install python3 python3-venv'), then run this again."; exit 1; }
	@"$(BASE_PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); echo "Python cannot make a virtual environment. On Debian or Ubuntu: apt install python3-venv, then run this again."; exit 1; }

$(VENV)/.runtime-ready: requirements.txt | $(PYTHON)
	@echo "Installing what the studio runs on (a few minutes the first time) ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev-ready: requirements-dev.txt $(VENV)/.runtime-ready
	@echo "Installing what the tests and checks need ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@

setup: $(VENV)/.runtime-ready ## Make the virtual environment and install the pinned dependencies.

setup-dev: $(VENV)/.dev-ready ## The same, with what tests and checks need.

run: setup ## Serve the studio with its worker on http://127.0.0.1:7860.
	@exec $(PYTHON) app.py

# Threads of two tests that wait by spinning take each other's core.
test test-faults: export OMP_WAIT_POLICY = PASSIVE

# Three at a time, also on two cores: many wait for a child, a page or a clock.
test: setup-dev ## Run every test: units, child processes, and journeys in a real browser.
	@$(PYTHON) -m tests.journeys.browser
	@$(PYTHON) -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not browser" --durations=25
	@$(PYTHON) -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m browser --durations=25

test-faults: setup-dev ## Kill the studio at every commit, fsync, rename, spawn and signal of its stories, and see it survive.
	@$(PYTHON) -m tests.faults

unit: setup-dev ## Run the quick tests alone: no torch, no browser.
	@$(PYTHON) -m pytest -n 2 --dist loadfile -m "not slow and not browser"

check: setup-dev ## Style, types, import contracts, and documents that match the code.
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/mypy
	@$(PYTHON) -m pytest tests/docs

fix: setup-dev ## Repair style where a tool can.
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

docs: setup ## Write the pages that list commands, recipe fields and metrics.
	@$(PYTHON) -m docs.tables

quality: setup ## Train on the real data in STUDIO_TEST_DATA and write docs/quality.md.
	@$(PYTHON) -m bench.quality

quality-short: setup ## One seed and few rows of sst2 from STUDIO_TEST_DATA against their floor.
	@$(PYTHON) -m bench.quality --short

bench: bench-first-model bench-pages bench-training bench-trainers bench-shares bench-scaling bench-starts bench-costs bench-estimates bench-prediction bench-streaming bench-import bench-browse bench-leaks bench-detection ## Run the benchmarks.

bench-first-model: setup ## Seconds from clone to page, and from Start to the finished sample model.
	@$(PYTHON) -m bench.first_model

bench-pages: setup-dev ## Seconds to the first content, and ten tabs at once.
	@$(PYTHON) -m bench.pages

bench-training: setup ## Seconds of a training step: padded, cut by length, and without padding.
	@$(PYTHON) -m bench.training

bench-trainers: setup ## Seconds of training beside transformers Trainer and a loop that pads, on the same rows.
	@$(PYTHON) -m bench.trainers

bench-scaling: setup ## Whether steps stay as quick and memory as small over many rows.
	@$(PYTHON) -m bench.scaling

bench-starts: setup ## Seconds until a job begins: in a process of its own, and forked.
	@$(PYTHON) -m bench.starts

bench-shares: setup ## Where the time of a training goes.
	@OMP_WAIT_POLICY=PASSIVE $(PYTHON) -m bench.shares

bench-costs: setup ## Seconds of steps of several encoders beside those of the estimate.
	@OMP_WAIT_POLICY=PASSIVE $(PYTHON) -m bench.costs

bench-estimates: setup ## What is said before a training, beside what it took, for eleven recipes.
	@$(PYTHON) -m bench.estimates

bench-prediction: setup ## Rows a second of a file, and milliseconds to one answer, beside other ways.
	@$(PYTHON) -m bench.prediction

bench-streaming: setup ## Rows a second and memory of answering long files, with answers that cost nothing.
	@$(PYTHON) -m bench.streaming

bench-import: setup-dev ## Rows a second and memory of an import, beside pandas and DuckDB.
	@$(PYTHON) -m bench.importing

bench-detection: setup-dev ## How often tables are read right by detection alone, beside other readers.
	@$(PYTHON) -m bench.detection

bench-leaks: setup-dev ## Which planted repeats, contradictions and leaks the checks find.
	@$(PYTHON) -m bench.leaks

bench-kills: setup ## 1,000 jobs whose workers and processes are killed, then stopped, at random.
	@$(PYTHON) -m bench.kills --forked

bench-gpu: setup ## Rows a second of training on a graphics card, beside transformers Trainer.
	@$(PYTHON) -m bench.gpu

bench-gpu-queue: setup ## Pause, kill and lack of memory of trainings on this machine's graphics card.
	@$(PYTHON) -m bench.gpu_queue

bench-browse: setup ## Milliseconds to a page of a million rows, for each kind of question.
	@$(PYTHON) -m bench.browse

bench-jobs: setup-dev ## Pages, API and claims with 10,000 ended jobs and a million points.
	@$(PYTHON) -m bench.many_jobs

soak: setup-dev ## 20 minutes of 200 jobs, 12 open tabs and random faults: nothing lost, nothing grows.
	@$(PYTHON) -m bench.soak

presets: setup ## Measure the learning rates, lengths and epochs behind the presets.
	@$(PYTHON) -m bench.presets

screenshots: setup-dev ## Make the pictures in the README and docs from the running studio.
	@$(PYTHON) -m bench.screenshots
