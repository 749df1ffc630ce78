# Everything below runs in a virtual environment of its own; only Python 3.11 or newer (with venv) and make are needed.
PYTHON ?= python3
VENV ?= .venv
RUN = $(VENV)/bin
# Neighbouring tests share what they prepare, so each process starts with a run of them.
PYTEST = $(PYTHON_RUN) -m pytest --numprocesses auto --dist worksteal
PYTHON_RUN = $(RUN)/python
# Percent of the package's lines, which also tests must reach that need a virtual device, a browser and public captures.
LEAST_COVERAGE = 98

.PHONY: demo test test-all test-plain coverage lint bench golden clean

demo: $(VENV)/.installed
	$(RUN)/pcaphash analyze sample_traces/overlay.pcap --output results

# A few minutes: all but the tests that are marked as slow.
test: $(VENV)/.installed-test
	$(PYTEST) -m "not slow"

test-all: $(VENV)/.installed-test
	$(PYTEST)

# Kernels as plain Python. What commands, reports and pages say does not depend on how kernels run, and plain Python is
# a thousand times slower.
test-plain: $(VENV)/.installed-test
	NUMBA_DISABLE_JIT=1 $(PYTEST) $(foreach folder,cli report docs browser notebooks,--ignore=tests/$(folder))

# Both of these, and which lines of the package they run: kernels count where they run as plain Python.
coverage: $(VENV)/.installed-test
	$(RUN)/coverage erase
	$(MAKE) test-all test-plain PYTHON_RUN="$(RUN)/coverage run"
	$(RUN)/coverage combine --quiet
	$(RUN)/coverage report --fail-under=$(LEAST_COVERAGE)

lint: $(VENV)/.installed-test
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

# Also needs a C compiler, libpcap and DPDK: see benchmarks/README.md.
bench: $(VENV)/.installed
	$(RUN)/python benchmarks/bench.py

golden: $(VENV)/.installed
	$(RUN)/python sample_traces/make_samples.py
	$(RUN)/python sample_traces/make_golden.py
	$(RUN)/python tests/report/test_prose.py

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(RUN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test,lint]"
	touch $@

clean:
	rm -rf $(VENV) results
