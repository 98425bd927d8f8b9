# `make demo` and `make test` set everything up by themselves; they need Python 3.11 and pip.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FUZZER := OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/coverage_guided.py

.PHONY: demo test lint build audit bench fuzz constraints screenshot clean

demo: $(READY)  ## build the course, grade the sample class, say where to look
	$(BIN)/autograder build
	$(BIN)/autograder demo

test: $(READY)  ## the whole suite
	$(BIN)/autograder build --check
	$(BIN)/python -m pytest -n 2 -q

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

build: $(READY)
	$(BIN)/autograder build

audit: $(READY)  ## the gates with many seeds, and mutants of every solution
	$(BIN)/autograder audit

bench: $(READY)  ## how long grading takes, against stock nbgrader: docs/benchmark.md; BENCH="--grow 100,1000" for more
	$(BIN)/python benchmarks/grading.py $(BENCH)

fuzz: $(READY)  ## look for messages that break the decoder's promises; FUZZ="-max_total_time=3600" for an hour
	$(BIN)/pip install --quiet atheris==3.0.0
	mkdir -p build/fuzz
	$(FUZZER) -artifact_prefix=build/fuzz- $(or $(FUZZ),-max_total_time=300) build/fuzz tests/fuzz/corpus
	$(FUZZER) -merge=1 -use_counters=0 tests/fuzz/corpus build/fuzz

screenshot: $(READY)  ## the README's picture of `autograder watch`
	$(BIN)/python docs/screenshot.py

constraints:  ## renew constraints.txt from what a fresh environment resolves to
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -e '.[notebook,grading,cluster,postgres,dev]'
	head -2 constraints.txt > constraints.new
	$(BIN)/pip freeze --exclude-editable | sed 's/^torch==\([0-9.]*\).*/torch==\1/' >> constraints.new
	mv constraints.new constraints.txt

$(READY): pyproject.toml constraints.txt
	command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not here. Install Python 3.11, or say PYTHON=... make ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt -e '.[notebook,grading,cluster,postgres,dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) demo
