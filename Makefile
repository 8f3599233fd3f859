# Every target works alone: the first to run builds .venv. Where pip should look is pip's own setting (PIP_INDEX_URL ...).
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
ARGS ?=

.DEFAULT_GOAL := test
.PHONY: install demo demo-hardware test check bench bench-suite bench-speed clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "selftaught needs Python 3.11 or newer, and '$(PYTHON)' is: $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another, such as: make PYTHON=python3.12 $(or $(MAKECMDGOALS),test)" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[train,log,spag,parquet,chemistry,formal,dev]'
	@touch $@

demo: install
	$(BIN)/selftaught demo $(ARGS)

demo-hardware: install
	$(BIN)/selftaught demo hardware $(ARGS)

test: install
	$(BIN)/pytest $(ARGS)

check: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest

bench: install
	$(BIN)/selftaught bench throughput $(ARGS)

# The main table: goes on where it was stopped.
bench-suite: install
	$(BIN)/selftaught bench run --policy model:smollm2-135m --train recipe --jobs 2 --folder runs/main $(ARGS)
	$(BIN)/selftaught bench table runs/main --results benchmarks/results

# The peers get an environment of their own: GEM pins an nltk that the other extras exclude.
.venv-peers/.installed: pyproject.toml
	$(PYTHON) -m venv --clear .venv-peers
	.venv-peers/bin/python -m pip install --disable-pip-version-check -e '.[peers]'
	@touch $@

bench-speed: install .venv-peers/.installed
	$(BIN)/selftaught bench speed $(ARGS)

clean:
	rm -rf .venv .venv-peers build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .coverage htmlcov
	find src envs agents algorithms benchmarks tests examples -name __pycache__ -type d -prune -exec rm -rf {} +
