# Every target does its own set-up. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON := .venv/bin/python
AEROLITH := build/release/aerolith
FUZZ_SECONDS ?= 600
SOAK_SECONDS ?= 3600

.PHONY: help setup build tour test test-all up down bench soak fuzz check format compat clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

setup: ## install what the build needs (packages, .venv)
	@scripts/setup.sh build

build: setup ## build the release binary: build/release/aerolith
	@$(PYTHON) -m tools.verify build

tour: ## install, build, start a fresh cloud and run the main jobs with real clients
	@scripts/setup.sh build tour instances
	@$(PYTHON) -m tools.verify build
	@$(PYTHON) -m tools.tour

test: ## all tests: unit (asan, ubsan, tsan), fuzz (short), black-box with real clients
	@scripts/setup.sh build test instances
	@$(PYTHON) -m tools.verify test

test-all: ## make check, make test, more rounds of the crash and load tests, power cuts
	@scripts/setup.sh build test trust instances
	@$(PYTHON) -m tools.verify check test-all

up: build ## start Aerolith in the background (port 4566)
	@$(AEROLITH) up

down: ## stop it
	@$(AEROLITH) down

bench: ## measure the bars, against other servers too; writes bench/results/
	@scripts/setup.sh build bench instances
	@$(PYTHON) -m tools.verify build
	@scripts/peers.sh
	@$(PYTHON) -m tools.bench

soak: build ## churn for SOAK_SECONDS (3600) in which nothing may grow; writes bench/results/
	@$(PYTHON) -m tools.soak --seconds $(SOAK_SECONDS)

fuzz: ## run each fuzz target for FUZZ_SECONDS (600)
	@scripts/setup.sh build test
	@FUZZ_SECONDS=$(FUZZ_SECONDS) $(PYTHON) -m tools.verify fuzz

check: ## formatting, lint, dependency rule, sizes, generated docs
	@scripts/setup.sh build test
	@$(PYTHON) -m tools.verify check

format: ## rewrite C++ and Python sources in the house format
	@scripts/setup.sh build test
	@git ls-files -z --cached --others --exclude-standard 'src/*.cc' 'src/*.h' 'tools/*.cc' 'tools/*.h' | xargs -0r clang-format-19 -i
	@.venv/bin/ruff check --quiet --fix tools tests scripts && .venv/bin/ruff format --quiet tools tests scripts

compat: setup ## write docs/compat anew from operations.toml
	@$(PYTHON) -m tools.compat

clean: ## remove what was built (keeps .venv)
	@rm -rf build
