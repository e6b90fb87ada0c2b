# `make` alone says what there is to do. Every goal first makes what it needs; what is already made is left alone.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BENCH_PORT ?= 8099

BIN := .venv/bin
DEMO := --config data/complete-journey.toml
BUNDLE := data/complete-journey/models/CURRENT
SANITIZERS := -g -fsanitize=address,undefined -fno-sanitize-recover=all
WIDGET := serving/widget
MAKE_WIDGET := esbuild $(WIDGET)/src/index.js --bundle --minify --format=esm --target=es2022 --charset=utf8 --loader:.css=text \
	--log-level=warning
PINNED := pyproject.toml constraints.txt setup.py $(wildcard recommender/kernels/src/*)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.PHONY: help setup demo check test widget sanitize bench docs clean openmp browser checkers compiler bundler

help: ## say what there is to do
	@echo "make GOAL, where GOAL is one of:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' Makefile

setup: compiler openmp browser checkers bundler .venv/.all ## create .venv with all that check, test and demo need
	@echo "Ready. Next: make demo"

demo: compiler openmp .venv/.demo ## train on a year of a real grocer's sales, then serve it (PORT=8000)
	@$(BIN)/python data/complete_journey.py
	@$(BIN)/alsobought models show $(DEMO) >/dev/null 2>&1 || $(BIN)/alsobought train $(DEMO)
	@echo "The demo shop: http://$(HOST):$(PORT)/demo/"
	@exec $(BIN)/alsobought serve $(DEMO) --host $(HOST) --port $(PORT)

check: compiler bundler .venv/.all ## format, lint, types, the direction of imports, and the widget
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy data/complete_journey.py
	$(BIN)/lint-imports
	@$(MAKE_WIDGET) | cmp - $(WIDGET)/widget.js || { echo "$(WIDGET)/widget.js is not what its src/ makes: run make widget"; exit 1; }
	@size=$$(gzip -9nc $(WIDGET)/widget.js | wc -c); echo "The widget has $$size bytes, gzipped; it may have 6000."; test $$size -le 6000

test: compiler openmp browser checkers bundler .venv/.all ## run the tests, two at a time (ARGS="-k words" passes options to pytest)
	$(BIN)/python -m pytest -q -n 2 $(ARGS)

widget: bundler ## make serving/widget/widget.js from its src/
	@$(MAKE_WIDGET) --outfile=$(WIDGET)/widget.js

sanitize: compiler .venv/.all ## run the tests of the native kernels under the address and undefined-behaviour sanitizers
	@rm -rf .sanitized && mkdir .sanitized && cp -r recommender tests setup.py pyproject.toml README.md LICENSE .sanitized
	@echo "Compiling the kernels with sanitizers; a minute or two."
	@cd .sanitized && CFLAGS="$(SANITIZERS)" CXXFLAGS="$(SANITIZERS)" LDFLAGS="$(SANITIZERS)" \
		../$(BIN)/python setup.py --quiet build_ext --inplace --force
	@grep -q __asan_init .sanitized/recommender/kernels/_native.*.so || { echo "The sanitizers are not in the module."; exit 1; }
	@cd .sanitized && LD_PRELOAD="$$($(CXX) -print-file-name=libasan.so) $$($(CXX) -print-file-name=libstdc++.so)" \
		ASAN_OPTIONS=detect_leaks=0 OMP_NUM_THREADS=2 \
		../$(BIN)/python -m pytest -q -p no:cacheprovider tests/kernels tests/models/test_als.py tests/models/test_als_solvers.py

bench: openmp .venv/.all ## measure the server on the demo's bundle, and list the other benchmarks
	@echo "Benchmarks, each with --help: python benchmarks/reading.py, benchmarks/serving_load.py;" \
		"python -m benchmarks.MODULE, MODULE one of: training search als_defaults quality baskets needs batch gate faults" \
		"kills mutated_artefacts nights refresh sizing hundred_million attacks serving_events serving_scale promotions slow_clients ga4_lines"
	@test -e $(BUNDLE) || { echo "No demo bundle yet: run make demo first."; exit 1; }
	@$(BIN)/alsobought serve $(DEMO) --port $(BENCH_PORT) --quiet 2>.venv/bench.log & server=$$!; trap 'kill $$server' EXIT; \
	until $(BIN)/python -c 'import urllib.request as r; r.urlopen("http://127.0.0.1:$(BENCH_PORT)/readyz")' 2>/dev/null; \
		do kill -0 $$server || exit 1; sleep 0.5; done; \
	$(BIN)/python benchmarks/serving_load.py --store $(dir $(BUNDLE)) --port $(BENCH_PORT)

docs: .venv/.all ## make the site of these documents, build/docs (no network needed; a warning is an error)
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --builder html --conf-dir docs/site . build/docs
	@echo "The site: build/docs/index.html"

clean: ## remove caches and builds; .venv, data and models stay
	rm -rf build dist .sanitized *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# A stamp is newer than what it was made from, or its goal is made again.

.venv/.all: $(PINNED) | $(BIN)/pip
	@echo "Installing all that check, test and demo need into .venv; a minute or two the first time."
	@$(BIN)/pip install --quiet -e '.[demo,test,check,docs]' -c constraints.txt
	@touch .venv/.demo $@

.venv/.demo: $(PINNED) | $(BIN)/pip
	@echo "Installing what the demo needs into .venv; a minute the first time."
	@$(BIN)/pip install --quiet -e '.[demo]' -c constraints.txt
	@touch $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; $(PYTHON) is older: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(call debian,python3-venv); }
	@$(PYTHON) -m venv .venv

# What PyPI does not carry: an OpenMP runtime and a compiler for training, a browser for the tests of the pages, what
# checks the examples for operators, and what makes one file of the widget's modules. Without a compiler the package installs too, and trains and searches more slowly.

compiler:
	@{ command -v c++ && $(PYTHON) -c 'import pathlib, sysconfig, sys; \
		sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())'; } >/dev/null \
		|| { $(call debian,g++ python3-dev); }

openmp:
	@/sbin/ldconfig -p 2>/dev/null | grep -q 'libgomp\.so\.1' || { $(call debian,libgomp1); }

browser:
	@command -v chromium >/dev/null || { $(call debian,chromium); }

bundler:
	@command -v esbuild >/dev/null || { $(call debian,esbuild); }

checkers:
	@command -v systemd-analyze >/dev/null || { $(call debian,systemd); }
	@PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null || { $(call debian,nginx-light); }

debian = if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(1); \
	else echo "$(1) is missing; on Debian or Ubuntu: sudo apt-get install $(1)"; fi
