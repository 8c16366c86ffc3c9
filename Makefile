# One line each; what a target needs is installed by tools/bootstrap.py first.
PYTHON ?= python3
export DEMO ?= 1
export PORT ?= 8000
.PHONY: run test test-fast check fix bench races sweeps faults mutants sabotage screenshots demo-reset lock
.DEFAULT_GOAL := run

run: ; @exec $(PYTHON) tools/bootstrap.py run
test: ; @exec $(PYTHON) tools/bootstrap.py test
test-fast: ; @exec $(PYTHON) tools/bootstrap.py test-fast
check: ; @exec $(PYTHON) tools/bootstrap.py check
fix: ; @exec $(PYTHON) tools/bootstrap.py fix
bench: ; @exec $(PYTHON) tools/bootstrap.py bench
races: ; @exec $(PYTHON) tools/bootstrap.py races
sweeps: ; @exec $(PYTHON) tools/bootstrap.py sweeps
faults: ; @exec $(PYTHON) tools/bootstrap.py faults
mutants: ; @exec $(PYTHON) tools/bootstrap.py mutants
sabotage: ; @exec $(PYTHON) tools/bootstrap.py sabotage
screenshots: ; @exec $(PYTHON) tools/bootstrap.py screenshots
demo-reset: ; @exec $(PYTHON) tools/bootstrap.py demo-reset
lock: ; @exec $(PYTHON) tools/bootstrap.py lock
