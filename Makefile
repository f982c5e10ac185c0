# The two commands of the README are `make quickstart` and `make test`.
PYTHON ?= python3
VENV ?= .venv
# More arguments for installing torch, e.g. the package index of its CPU builds.
# Environments that lp-run builds for plugins honour it too.
export TORCH_PIP_ARGS ?=
# With `browser` too, pages are tested in a Chromium, where there is one.
TEST_EXTRAS ?= test,docs
BIN := $(VENV)/bin
THREADS ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: quickstart test test-real lint docs schemas pictures quickstart-model clean

quickstart: $(VENV)/.installed
	$(BIN)/lp-run recipes/quickstart.yaml

test: $(VENV)/.installed-for-tests lint
	$(BIN)/python -m pytest -m "not real"

test-real: $(VENV)/.installed-for-tests
	$(BIN)/python -m pytest -m real

lint: $(VENV)/.installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy lp_runner plugins
	$(BIN)/lint-imports

# The tests build it too, and look at what was built.
docs: $(VENV)/.installed-for-tests
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

schemas: $(VENV)/.installed-for-tests
	$(BIN)/python -m lp_runner.recipe.schema
	cp lp_runner/report/results.schema.json lp_runner/store/events.schema.json schemas/

# Those of docs/images, from a run that is made for them.
pictures: $(VENV)/.installed-for-tests
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .[browser]
	rm -rf build/pictures
	$(BIN)/lp-run recipes/quickstart.yaml --output build/pictures --quiet & run=$$!; \
	$(BIN)/python -m benchmarks.live_view build/pictures/quickstart && wait $$run
	$(BIN)/python docs/screenshots.py build/pictures/quickstart

quickstart-model: $(VENV)/.installed
	$(BIN)/python -m recipes.quickstart.make

# torch first and alone: any other package that asks for it would take the build for CUDA, several GB.
$(VENV)/.torch: constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --constraint constraints.txt $(TORCH_PIP_ARGS) torch
	touch $@

$(VENV)/.installed: $(VENV)/.torch pyproject.toml
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.installed-for-tests: $(VENV)/.torch pyproject.toml
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .[$(TEST_EXTRAS)]
	touch $@ $(VENV)/.installed

clean:
	rm -rf runs build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
