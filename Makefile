.DEFAULT_GOAL := help
.PHONY: demo run stop test lint bench docs requirements help

demo: ## Install, start and play the main job; leaves it serving in the background
	@scripts/install
	@scripts/local demo

run: ## Serve on http://localhost:8080 until Ctrl-C (PORT=, CATALOG=<folder or git URL>, CATALOGS=)
	@scripts/install
	@scripts/local run

stop: ## Stop what demo or run started; the data in .pao/ stays
	@test ! -x .venv/bin/python || scripts/local down

test: ## Install what tests need and run all of them, on the real stack too
	@scripts/test

lint: ## Check style, types and layers
	@scripts/lint

bench: ## Measure on the real stack, beside a hand-written DAG
	@scripts/bench

docs: ## Write the parts of docs/ that are made from the code
	@scripts/docs

requirements: ## Pin the versions in requirements*.txt anew
	@scripts/requirements

help: ## Show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
