PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)

.PHONY: demo demo-reset test bench setup

demo:
	@$(PYTHON) taar demo

demo-reset:
	@$(PYTHON) taar demo --reset

test:
	@$(PYTHON) taar test

bench:
	@$(PYTHON) taar bench

setup:
	@$(PYTHON) taar setup
