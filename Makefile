# What a reader types. Every target installs what it needs into .venv, once.
#
#   make lab TORCH=cpu      on Linux: the CPU build of PyTorch, without gigabytes of CUDA
#   make lab PYTHON=python3.12

# The environment's own Python once there is one, else the first new enough; a too old one last,
# for the set-up to say what is the matter.
BIN = .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PYTHON ?= $(shell for p in $(BIN)/python python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$p && exit; done; \
	for p in python3 python; do $$p -c '' >/dev/null 2>&1 && echo $$p && exit; done)
TORCH ?=

SETUP = $(if $(PYTHON),"$(PYTHON)",$(error Python 3.11 or newer is needed and none was found: \
	install it from https://www.python.org)) labtools/bootstrap.py$(if $(TORCH), --torch $(TORCH))

.DEFAULT_GOAL := help
.PHONY: help lab author build check quick test prove bench release site pins clean

help: ## show this list
	@echo "Usage: make TARGET"
	@echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 12
	@echo
	@echo "On Linux, add TORCH=cpu for a PyTorch without gigabytes of CUDA: make lab TORCH=cpu"

lab: ## STUDENT     open the labs in JupyterLab
	@$(SETUP) lab
	@$(BIN)/python labtools/bootstrap.py --open notebooks

author: ## INSTRUCTOR  open the whole course in JupyterLab, to edit a lab's source as a notebook
	@$(SETUP) instructor
	@$(BIN)/python labtools/bootstrap.py --open .

build: ## INSTRUCTOR  derive notebooks/ and the executed solutions/ from the labs' sources
	@$(SETUP) instructor
	@$(BIN)/labs build

release: ## INSTRUCTOR  make what students are handed
	@$(SETUP) instructor
	@$(BIN)/labs release

site: ## INSTRUCTOR  build the course site into site/
	@$(SETUP) site
	@$(BIN)/python -m labtools.site

check: ## CI          are the derived notebooks up to date, is the code clean?
	@$(SETUP) test
	@$(BIN)/labs build --check
	@$(BIN)/ruff check .

quick: ## CI          a minute of tests: after every save
	@$(SETUP) test
	@$(BIN)/python tests/run_all.py quick

test: ## CI          six minutes of tests: before every push
	@$(SETUP) test
	@$(BIN)/python tests/run_all.py test

prove: ## CI          the rest of the tests, a quarter of an hour: every night, before a release
	@$(SETUP) test
	@$(BIN)/python tests/run_all.py prove

bench: ## CI          measure what the course claims about speed
	@$(SETUP) test
	@$(BIN)/python benchmarks

pins: ## CI          write constraints.txt from what is installed
	@$(SETUP) test
	@$(BIN)/python tests/write_pins.py

clean: ## remove the environment
	rm -rf .venv
