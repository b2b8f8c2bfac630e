# `make help` lists the targets. Everything installs into $(VENV), pinned by $(CONSTRAINTS).

PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
ARGS ?=

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Running under `make` from inside another environment must not leak that environment's modules.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

.DELETE_ON_ERROR:
.PHONY: help install verify test lint format bench docs lock clean

help:           ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo 'Variables: ARGS="…" for verify, test and bench; PYTHON, VENV, CONSTRAINTS.'

verify: $(STAMP) ## decide the claims that changed since (ARGS="delayed-repression")
	@$(BIN)/lemmata verify --changed $(ARGS)

test: $(STAMP)  ## run the test suite (ARGS="-k hopf")
	@$(BIN)/pytest $(ARGS)

lint: $(STAMP)  ## style, types and the form of the claims
	@failed=0; \
	$(BIN)/ruff check || failed=1; \
	$(BIN)/ruff format --check || failed=1; \
	$(BIN)/pyright --pythonpath $(BIN)/python || failed=1; \
	$(BIN)/lemmata lint || failed=1; \
	exit $$failed

format: $(STAMP) ## rewrite the code in the house style
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

bench: $(STAMP) ## time each of benchmarks/*.py against its peers, which this installs
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c $(CONSTRAINTS) -e '.[dev,bench]'
	@set -e; for file in $(sort $(wildcard benchmarks/*.py)); do \
	    echo "== $$file"; $(BIN)/python "$$file" $(ARGS); done

# -E: the catalogue and the API come from the code, of whose changes Sphinx would not know.
docs: $(STAMP)  ## build the site into build/docs with its tools, which this installs
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c $(CONSTRAINTS) -e '.[dev,docs]'
	@$(BIN)/python -m sphinx -q -E -W --keep-going -n docs build/docs
	@echo 'build/docs/index.html'

install: $(STAMP) ## set up $(VENV) and nothing else

# The stamp is written last: an interrupted installation is taken up again by the next call.
$(STAMP): pyproject.toml $(CONSTRAINTS) .ns/lemmata/__init__.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo 'lemmata needs Python 3.11 or newer, and PYTHON=$(PYTHON) is not.' \
	        'Name one: make $(MAKECMDGOALS) PYTHON=python3.11' >&2; exit 1; }
	@rm -f $@
	@echo 'Installing lemmata and its tools into $(VENV) …' >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c $(CONSTRAINTS) --upgrade pip
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c $(CONSTRAINTS) -e '.[dev]'
	@touch $@

# A lock is made in an environment of its own: nothing that happens to be in $(VENV) gets in.
lock:           ## refresh constraints.txt: the newest versions that install together
	@rm -rf build/lock && $(PYTHON) -m venv build/lock
	@build/lock/bin/python -m pip install -q --upgrade pip
	@build/lock/bin/python -m pip install -q -e '.[dev,docs,bench]'
	@{ sed -n '/^#/p' constraints.txt; \
	   build/lock/bin/python -m pip freeze --all --exclude-editable | grep == \
	       | LC_ALL=C sort -f; } > build/lock/constraints.txt
	@mv build/lock/constraints.txt constraints.txt && rm -rf build/lock
	@echo 'constraints.txt is new; now run: make test lint'

clean:          ## remove $(VENV), build/ and every cache
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
