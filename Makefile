# A newcomer types `make demo` and `make test`; both need only Python >= 3.11 and make.
PYTHON ?= python3
BIN := .venv/bin
# `make GALSEARCH_FAISS=gpu demo` installs the CUDA wheel instead.
GALSEARCH_FAISS ?= cpu

.PHONY: install demo test lint bench clean

install: .venv/installed

.venv/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "galsearch needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[$(GALSEARCH_FAISS),sim,plot,dev]'
	touch $@

demo: install
	$(BIN)/galsearch demo

test: install lint
	$(BIN)/python -m pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: demo
	$(BIN)/python -m benchmarks.index.recall index_builds/demo
	$(BIN)/python -m benchmarks.index.synthetic_vectors demo/embeddings --n 100000 --out demo/synthetic
	$(BIN)/galsearch build-index index_builds/recipes/million.toml --embeddings demo/synthetic --out demo/index --overwrite
	$(BIN)/python -m benchmarks.index.compare_engines demo/synthetic --build demo/index --engines galsearch faiss --out demo/engines.json
	$(BIN)/python -m benchmarks.index.tradeoff_figure demo/engines.json --out demo/engines.png
	$(BIN)/python -m benchmarks.index.filtered_search demo/synthetic --build demo/index --forbidden 10000 --out demo/filters.json
	$(BIN)/python -m benchmarks.retrieval demo/embeddings --split train --pool 500

clean:
	rm -rf .venv demo
