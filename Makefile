# Every target first makes .venv hold what it needs; the second time that takes no time.
PYTHON ?= $(shell command -v python3 || command -v python3.13 || command -v python3.12 || command -v python3.11 || echo python3)
BIN := .venv/bin

.PHONY: run install dev lint test test-frontend bench lock clean

run: install
	@exec $(BIN)/frontdesk up

install:
	@$(PYTHON) scripts/bootstrap.py

dev:
	@$(PYTHON) scripts/bootstrap.py --dev

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

test-frontend:
	@scripts/test-frontend

# Everything that CI runs; pytest comes last, so that the last line is its summary.
test: lint test-frontend
	$(BIN)/pytest

bench: dev
	$(BIN)/python -m benchmarks

lock:
	uv lock
	uv export --quiet --frozen --no-dev --extra embedded --no-emit-project --no-annotate --no-header --output-file requirements/run.txt > /dev/null
	uv export --quiet --frozen --extra embedded --no-emit-project --no-annotate --no-header --output-file requirements/dev.txt > /dev/null

# Leaves data/ alone.
clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage dist test-results
	rm -rf frontend/node_modules frontdesk/lib/static/site frontdesk/widget/static/widget
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
