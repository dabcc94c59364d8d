# Every chore of the project. `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PORT ?= 8000
COLLECTION ?= sample
KILLS ?= 50
CASES ?= 2000
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help run test check lint format types unit crash fuzz golden eval bench-index bench-large bench-highlights bench-python-docs corpus cli-reference wheel clean

help: ## List the chores
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv/pyvenv.cfg:
	$(PYTHON) -m venv .venv

.venv/.run: pyproject.toml constraints.txt | .venv/pyvenv.cfg
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	@touch $@

.venv/.test: pyproject.toml constraints.txt | .venv/pyvenv.cfg
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch .venv/.run $@

run: .venv/.run ## Install, index sample_corpus/ and serve the search page on http://127.0.0.1:8000
	$(BIN)/wherein index --collection $(COLLECTION) sample_corpus
	exec $(BIN)/wherein serve --collection $(COLLECTION) --port $(PORT)

test: .venv/.test check unit ## Install what tests need and run every check and test

check: .venv/.test lint types ## Style and types

lint: .venv/.test ## Style, with ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: .venv/.test ## Put the code into the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: .venv/.test ## Types, with mypy --strict
	$(BIN)/mypy

unit: .venv/.test ## The tests alone
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal $(ARGS)

eval: .venv/.run ## Ranking quality on BEIR folders against the baseline: make eval DATA="dir dir"
	$(BIN)/python benchmarks/quality.py $(DATA)

crash: .venv/.test ## Kill the indexer at random moments: make crash KILLS=500
	$(BIN)/python tests/crash_lane.py --kills $(KILLS) $(ARGS)

fuzz: .venv/.test ## Spoil real files of every format and read them: make fuzz CASES=2000
	$(BIN)/python tests/fuzz_lane.py --cases $(CASES) $(ARGS)

golden: .venv/.test ## Write the expected passages of every format anew
	$(BIN)/python tests/test_golden.py

bench-index: .venv/.test ## Files and megabytes a second by format, and peak memory on a gigabyte
	$(BIN)/python benchmarks/index.py
	$(BIN)/python benchmarks/index.py --memory 1000

bench-large: .venv/.test ## Time and memory of very large single files
	$(BIN)/python benchmarks/large_files.py

bench-highlights: .venv/.run ## Marks of meaning on SQuAD's answers: make bench-highlights DATA=dir
	$(BIN)/python benchmarks/highlights.py $(DATA)

bench-python-docs: .venv/.run ## Twenty questions to Python's own documentation (Debian's python3-doc)
	$(BIN)/python benchmarks/python_docs.py

corpus: .venv/.test ## Make the PDF and DOCX files of sample_corpus/ from their sources
	$(BIN)/python sample_corpus/.sources/build.py

cli-reference: .venv/.test ## Write docs/cli.md anew from the commands
	$(BIN)/python tests/test_docs.py > docs/cli.md

wheel: .venv/.test ## Build the wheel into dist/
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## Remove what the chores made, the virtual environment included
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis artefacts
