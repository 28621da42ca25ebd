# Two commands set everything up on a fresh machine that has Python 3.11 or newer: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test lint check bench clean
.DELETE_ON_ERROR:

demo: $(VENV)/.installed ## The main job end to end, on a corpus that the project generates.
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh scripts/demo.sh demo

# A process for each core: more threads in them would only wait for one another, and take twice the time.
test: $(VENV)/.installed-dev ## All tests.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

lint: $(VENV)/.installed-dev ## Style, types and import rules.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-bench ## Every bar against its peer; BENCH='--only zst-10k --megabytes 32' for a part.
	$(BIN)/python -m benchmarks $(BENCH)

check: lint test ## Everything that must hold before a commit.

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) -e '.[evaluate]'
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) -e '.[dev,evaluate,peers,client,telemetry]'
	touch $@ $(VENV)/.installed

# Peers with native code come last and one by one: where one does not install, its rows say so.
$(VENV)/.installed-bench: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) -e '.[bench,evaluate,peers]'
	for peer in hyperscan daachorse; do $(INSTALL) $$peer || echo "$$peer does not install here"; done
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) demo
