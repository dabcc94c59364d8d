# Every chore of the project. `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PORT ?= 8000
COLLECTION ?= sample
KILLS ?= 50
CASES ?= 2000
TO ?= artefacts/scale
EXAMPLES ?= 100
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help run test long fuzz-api bench bench-query bench-indexing bench-serve check lint format types unit crash fuzz golden eval bench-encode bench-index bench-large bench-highlights bench-unanswered bench-mismatch bench-precision bench-scale bench-page bench-python-docs bench-keywords corpus cli-reference wheel clean

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

.venv/.bench: pyproject.toml constraints.txt | .venv/pyvenv.cfg
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[bench]'
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

long: .venv/.test ## The tests that take long: in a real browser, on Python's documentation
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m long $(ARGS)

eval: .venv/.run ## Ranking quality on BEIR folders against the baseline: make eval DATA="dir dir"
	$(BIN)/python benchmarks/quality.py $(DATA)

crash: .venv/.test ## Kill the indexer at random moments: make crash KILLS=500
	$(BIN)/python tests/crash_lane.py --kills $(KILLS) $(ARGS)

fuzz: .venv/.test ## Spoil real files of every format and read them: make fuzz CASES=2000
	$(BIN)/python tests/fuzz_lane.py --cases $(CASES) $(ARGS)

fuzz-api: .venv/.test ## Ask the API whatever its description allows and does not: make fuzz-api EXAMPLES=100
	$(BIN)/python tests/api_fuzz_lane.py --examples $(EXAMPLES) $(ARGS)

bench: .venv/.bench ## All that is held against a limit, peers beside it, in about half an hour: make bench DATA=dir
	$(MAKE) bench-encode
	$(MAKE) bench-query bench-indexing bench-serve DATA=$(DATA)
	$(MAKE) bench-scale DATA=$(DATA) TO=$(TO) ARGS="--engine whoosh --counts 10000 20000 30000 100000"
	$(MAKE) bench-scale DATA=$(DATA) TO=$(TO) ARGS="--engine tantivy --counts 10000 30000 100000"
	$(BIN)/python benchmarks/results.py

bench-query: .venv/.bench ## Whole queries beside txtai, Chroma, LanceDB and others: make bench-query DATA=dir
	$(BIN)/python benchmarks/query.py --data $(DATA) $(ARGS)

bench-indexing: .venv/.bench ## A folder indexed from start to end, beside others: make bench-indexing DATA=dir
	$(BIN)/python benchmarks/indexing.py --data $(DATA) $(ARGS)

bench-serve: .venv/.bench ## Requests a second, from 1 to 64 clients, also while indexing: make bench-serve DATA=dir
	$(BIN)/python benchmarks/serve.py --data $(DATA) $(ARGS)

golden: .venv/.test ## Write the expected passages of every format anew
	$(BIN)/python tests/test_golden.py

bench-encode: .venv/.bench ## Passages and queries a second, beside other runtimes, and what 8 bits cost
	$(BIN)/python benchmarks/encode.py --passages 600
	$(BIN)/python benchmarks/encode.py --passages 240 --masked
	$(BIN)/python benchmarks/encode.py --quality
	$(BIN)/python benchmarks/encode.py --pipeline sample_corpus --copies 30
	$(BIN)/python benchmarks/results.py

bench-index: .venv/.test ## Files and megabytes a second by format, and peak memory on a gigabyte
	$(BIN)/python benchmarks/index.py
	$(BIN)/python benchmarks/index.py --memory 1000

bench-large: .venv/.test ## Time and memory of very large single files
	$(BIN)/python benchmarks/large_files.py

bench-highlights: .venv/.run ## Marks of meaning on SQuAD's answers: make bench-highlights DATA=dir
	$(BIN)/python benchmarks/highlights.py $(DATA)

bench-unanswered: .venv/.run ## The verdict "no good answer": make bench-unanswered DATA="dir dir"
	$(BIN)/python benchmarks/unanswered.py $(DATA)

bench-mismatch: .venv/.run ## Ranking when words fit badly: make bench-mismatch DATA="dir dir"
	$(BIN)/python benchmarks/mismatch.py $(DATA)

bench-precision: .venv/.run ## What 8 bits cost in ranking: make bench-precision DATA="dir dir"
	$(BIN)/python benchmarks/precision.py $(DATA)

bench-scale: .venv/.test ## What grows with a collection, up to a million passages: make bench-scale DATA=dir TO=dir
	$(BIN)/python benchmarks/scale.py --data $(DATA) --to $(TO) $(ARGS)

bench-page: .venv/.test ## Time from the last key to painted results, in a real browser
	$(BIN)/python benchmarks/page.py $(ARGS)

bench-python-docs: .venv/.run ## Twenty questions to Python's own documentation (Debian's python3-doc)
	$(BIN)/python benchmarks/python_docs.py

bench-keywords: .venv/.test ## Words of a query by Whoosh and Tantivy, beside FTS5 and bm25s
	$(BIN)/python benchmarks/query_keywords.py --passages 20000
	$(BIN)/python benchmarks/query_keywords.py --passages 150000 --questions 120

corpus: .venv/.test ## Make the PDF and DOCX files of sample_corpus/ from their sources
	$(BIN)/python sample_corpus/.sources/build.py

cli-reference: .venv/.test ## Write docs/cli.md anew from the commands
	$(BIN)/python tests/test_docs.py > docs/cli.md

wheel: .venv/.test ## Build the wheel into dist/
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## Remove what the chores made, the virtual environment included
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis artefacts
