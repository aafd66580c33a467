# `make demo` and `make test` need nothing but Python >= 3.11 and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# `cpu` or `gpu`: `make GALSEARCH_FAISS=gpu demo` installs FAISS for NVIDIA GPUs.
GALSEARCH_FAISS ?= cpu
# `make DEPENDENCIES=lowest test` installs the lowest versions that pyproject.toml allows.
DEPENDENCIES ?= highest
EXTRAS := $(GALSEARCH_FAISS),sim,plot,tables,samp,serve,mcp,hdf5,docs,dev

.PHONY: install demo test run-tests test-versions test-oldest-processor lint docs linkcheck bench clean

# Create $(VENV) with galsearch and its development tools.
install: $(VENV)/installed

$(VENV)/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "galsearch needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
ifeq ($(DEPENDENCIES),lowest)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --resolution lowest-direct --editable '.[$(EXTRAS)]'
else
	$(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS)]'
endif
	touch $@

# Simulate a small survey, embed it, build an index and run a query.
demo: install
	$(BIN)/galsearch demo

# Run all checks: linter, type checker and tests.
test: install lint run-tests

run-tests: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

# The tests on each supported Python that is installed, with the lowest and the highest versions of
# all packages, each in an environment of its own in .venvs/.
test-versions:
	.ci/test_versions

# Whatever computes, with two threads and the instructions of a processor of 2009 (SSE 4.1): vectors
# differ in their last digits between processors, and no test may depend on those.
OLDEST_PROCESSOR := ONEDNN_MAX_CPU_ISA=SSE41 ATEN_CPU_CAPABILITY=default \
	OPENBLAS_CORETYPE=Nehalem FAISS_OPT_LEVEL=generic
test-oldest-processor: install
	OMP_NUM_THREADS=2 $(OLDEST_PROCESSOR) $(BIN)/python -m pytest \
		tests/encoders tests/embeddings tests/golden tests/query tests/index/vectors \
		tests/index/ivf tests/index/search

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# A warning is an error: no broken link between pages, no docstring that cannot be read.
docs: install
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

# Links to other sites; needs a network.
linkcheck: install
	$(BIN)/python -m sphinx -b linkcheck docs docs/_build/linkcheck

# Benchmarks of the demo survey; benchmarks/README.md lists all of them.
bench: demo
	$(BIN)/python -m benchmarks.index.recall index_builds/demo
	$(BIN)/python -m benchmarks.index.synthetic_vectors demo/embeddings --n 100000 --out demo/synthetic
	$(BIN)/galsearch build-index index_builds/recipes/million.toml --embeddings demo/synthetic --out demo/index --overwrite
	$(BIN)/python -m benchmarks.index.compare_engines demo/synthetic --build demo/index --engines galsearch faiss --out demo/engines.json
	$(BIN)/python -m benchmarks.index.tradeoff_figure demo/engines.json --out demo/engines.png
	$(BIN)/python -m benchmarks.index.filtered_search demo/synthetic --build demo/index --forbidden 10000 --out demo/filters.json
	$(BIN)/python -m benchmarks.retrieval demo/embeddings --split train --pool 500

# Remove the environment and the demo survey.
clean:
	rm -rf .venv demo docs/_build docs/reference
