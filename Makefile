# `make run` and `make test` work from a fresh clone: each sets itself up in .venv.
# Needs git, make and Python 3.11 or newer (make PYTHON=python3.12 to name one).

PYTHON ?= python3
# An additional package index, such as PyTorch's own of CPU builds
PIP_INDEX ?=
BIN = .venv/bin
INSTALLED = .venv/installed
PACKAGES = -r envs/requirements.txt
# Jobs have one thread each; Snakemake runs as many jobs as there are cores.
export OMP_NUM_THREADS = 1
# Files of the project are UTF-8, whatever the terminal has.
export PYTHONUTF8 = 1
# Bars in a terminal, elsewhere lines of how far a run has come.
PROGRESS = $(shell test -t 2 && echo --logger rich || echo --quiet rules)
# Processes that run the tests; those that share a build stay in one of them.
TESTERS = 2

# `make` alone is `make run`.
.PHONY: run help paper docs test test-slow test-faults test-slurm test-slurm-all lint benchmark benchmark-gpu campaign fuzz coverage mutants install-locked clean

run: $(INSTALLED)  ## six experiments of both papers at the quick scale, with verdicts, a page and a report
	$(BIN)/snakemake --profile profiles/quick $(PROGRESS)
	$(BIN)/snakemake --profile profiles/quick $(PROGRESS) --report results/quick/report.html
	@$(BIN)/python workflow/scripts/print_verdicts.py results/quick

help:  ## this list
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## /\1 /p' Makefile | while read -r target means; do printf '%-17s %s\n' "$$target" "$$means"; done

paper: $(INSTALLED)  ## everything in config.yaml, at paper scale; HOURS=2 goes on with it for two hours
ifdef HOURS
	$(BIN)/python workflow/scripts/reproduce.py --hours $(HOURS) $(PROGRESS)
else
	$(BIN)/snakemake $(PROGRESS)
	$(BIN)/snakemake $(PROGRESS) --report results/report.html
	@$(BIN)/python workflow/scripts/print_verdicts.py results
endif

docs: $(INSTALLED)  ## the documentation as a site, with the page of the published results
	$(BIN)/python workflow/docs/make_documentation_site.py

test: $(INSTALLED) lint  ## all tests but the slow ones
	$(BIN)/pytest -q -n $(TESTERS) --dist loadgroup --no-loadscope-reorder

test-slow: $(INSTALLED)  ## the slow tests
	$(BIN)/pytest -q -m slow

test-faults: $(INSTALLED)  ## a fault of each kind injected into a run, and the documented commands after each
	$(BIN)/pytest -q -m faults

test-slurm: $(INSTALLED)  ## the cluster profile on a real SLURM of four virtual nodes (root, Debian's slurm-wlm and munge)
	$(BIN)/pytest -q -m slurm

test-slurm-all: $(INSTALLED)  ## every experiment of config.yaml on that SLURM, at the scale of seconds: about an hour
	$(BIN)/pytest -q -m slurm_all

lint: $(INSTALLED)  ## formats, types, workflow rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

benchmark: $(INSTALLED)  ## speed and memory against stated references, as ratios
	$(BIN)/python -m tests.benchmarks

benchmark-gpu: $(INSTALLED)  ## tests, speed and memory on a CUDA device, where there is one
	$(BIN)/python -m tests.benchmarks.gpu

campaign: $(INSTALLED)  ## a thousand faults injected into runs of a tiny workflow, and of a SLURM where there is one
	$(BIN)/python -m tests.faults --faults 1000 --seed 0 --at-once 2

fuzz: $(INSTALLED)  ## 5,000 random configurations: each is refused in clear sentences or can be planned, and twenty are run
	$(BIN)/python -m tests.fuzzing

coverage: $(INSTALLED)  ## lines and branches of the library that its tests run; fails below the share in pyproject.toml
	$(BIN)/coverage run -m pytest -q tests/unit tests/conformance
	$(BIN)/coverage report

mutants: $(INSTALLED)  ## twenty faults in each module of the numerics: the tests find all but those known to change nothing
	$(BIN)/python -m tests.mutation --mutants 20 --seed 0

install-locked: clean  ## a new environment, of every package the one file that envs/lock.txt has the checksum of
	$(MAKE) $(INSTALLED) PACKAGES="--require-hashes -r envs/lock.txt"

clean:  ## remove the environment; results stay
	rm -rf .venv

$(INSTALLED): envs/requirements.txt
	@case "$(CURDIR)" in *" "*) \
	  echo "Snakemake starts no job from a folder with a blank in its path, and this is '$(CURDIR)': move the project"; exit 1;; esac
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "This needs Python 3.11 or newer, and '$(PYTHON)' is missing or older: install one, or name it with make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check $(if $(PIP_INDEX),--extra-index-url $(PIP_INDEX)) $(PACKAGES)
	@touch $@
