# `make` alone lists what there is. Needs Python >= 3.11 with venv, git and make; no root.

# The first Python that is new enough; PYTHON=/path/to/python chooses another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV   := .venv
BIN    := $(VENV)/bin
LOCALE := agent/locale

# Debian keeps the broker where a plain user's PATH does not look.
export PATH := $(PATH):/usr/sbin:/sbin

.DEFAULT_GOAL := help
.PHONY: help demo simulate test system-test bench long soak replug clocks cuts powercut seeds brokers torture disks backlog linkage fuzz check pictures schema catalogues clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.demo ## a simulated school, a broker, the gateway and a platform: one school day in about a minute
	@$(BIN)/campusgw demo $(ARGS)

simulate: $(VENV)/.demo ## simulated devices for the bench: make simulate ARGS=SCENARIO (SEEDS=1000: make seeds)
	@$(if $(SEEDS),$(MAKE) --no-print-directory seeds,$(BIN)/campusgw simulate $(ARGS))

clocks: $(VENV)/.bench $(VENV)/.test ## every wrong clock that a board may have, in virtual time: a minute, docs/reliability.md
	@$(BIN)/python -m bench.reliability.clocks $(ARGS)

seeds: $(VENV)/.test ## SEEDS=1000 simulated schools in virtual time with faults: 10 minutes, docs/reliability.md
	@$(BIN)/python -m bench.reliability.seeds --seeds $(or $(SEEDS),1000) $(ARGS)

test: $(VENV)/.test ## every test that this machine can run; it says what is missing (ARGS="-k barrier")
	@$(MISSING)
	$(BIN)/python -m pytest $(ARGS)

system-test: $(VENV)/.test ## only the service on a real systemd in a container, and the wheel (root)
	$(BIN)/python -m pytest tests/system --durations=5 $(ARGS)

bench: $(VENV)/.bench ## against the wire's own limit: 10 minutes, writes docs/performance.md (ARGS=--quick: a minute)
	@$(BIN)/python -m bench $(ARGS)

long: $(VENV)/.bench $(VENV)/.demo ## three days of a whole site in virtual time: about 5 minutes, writes docs/endurance.md
	@$(BIN)/python -m bench.endurance.long $(ARGS)

soak: $(VENV)/.bench $(VENV)/.demo ## 10 minutes for real with faults on, writes docs/endurance.md (ARGS="--minutes 1")
	@$(BIN)/python -m bench.endurance.soak $(ARGS)

replug: $(VENV)/.bench $(VENV)/.demo ## a serial adapter pulled out 200 times: 10 minutes, docs/endurance.md (ARGS="--rounds 20")
	@$(BIN)/python -m bench.endurance.replug $(ARGS)

cuts: $(VENV)/.bench $(VENV)/.test ## 10,000 power cuts and every failing call under SQLite: 2 minutes, docs/reliability.md (ARGS="--cuts 1000")
	@$(BIN)/python -m bench.reliability.cuts $(ARGS)

powercut: $(VENV)/.demo ## the power of a whole machine (QEMU) cut 20 times in mid-write: 10 minutes, docs/reliability.md (ARGS="--cuts 3")
	@$(BIN)/python -m bench.reliability.powercut $(ARGS)

torture: $(VENV)/.bench $(VENV)/.demo ## the real gateway killed 1,000 times, alarms flowing: 12 minutes, docs/reliability.md (ARGS="--kills 100")
	@$(BIN)/python -m bench.reliability.torture $(ARGS)

disks: $(VENV)/.bench $(VENV)/.demo ## disks that are full, read-only, lost or spoiled, under the real gateway: 2 minutes, docs/reliability.md (root)
	@$(BIN)/python -m bench.reliability.disks $(ARGS)

brokers: $(VENV)/.bench $(VENV)/.test ## what brokers and links can do, for real: 5 minutes, docs/reliability.md (ARGS="--case killed")
	@$(BIN)/python -m bench.reliability.brokers $(ARGS)

backlog: $(VENV)/.bench $(VENV)/.test ## a million records behind an outage, and a day's bytes to flash: 12 minutes (ARGS=--quick)
	@$(BIN)/python -m bench.reliability.backlog $(ARGS)

linkage: $(VENV)/.bench $(VENV)/.demo ## from a fire input to the relay's order, 200 times for real: 6 minutes, docs/linkage.md (ARGS="--trials 20")
	@$(BIN)/python -m bench.linkage $(ARGS)

fuzz: $(VENV)/.fuzz ## ten million inputs to every reader of bytes from outside: 20 minutes, docs/reliability.md (ARGS="--inputs 300000")
	@$(BIN)/python -m bench.reliability.fuzz $(ARGS)

check: $(VENV)/.dev ## style, types, the borders between packages, the catalogues
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(CATALOGUES_FRESH)

pictures: $(VENV)/.bench $(VENV)/.test ## write docs/pictures again: sheets of a sample report (chromium, poppler-utils)
	@$(BIN)/python -m bench.sample_report $(ARGS)

schema: $(VENV)/.test ## write docs/schema again from the models
	$(BIN)/campusgw schema --write docs/schema

catalogues: $(VENV)/.dev ## collect the texts that people read, and compile their translations
	$(EXTRACT) -o $(LOCALE)/campusgw.pot
	$(BIN)/pybabel -q update --ignore-pot-creation-date -N -D campusgw -i $(LOCALE)/campusgw.pot -d $(LOCALE)
	$(BIN)/pybabel -q compile -D campusgw -d $(LOCALE)

clean: ## remove everything that make has made, .venv too
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- how the virtual environment comes about: one stamp an extra, renewed when pyproject.toml changes -------------

$(VENV)/.demo $(VENV)/.test $(VENV)/.dev $(VENV)/.bench $(VENV)/.fuzz: $(VENV)/.%: pyproject.toml | $(VENV)/.made
	@echo "installing .[$*] into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$*]'
	@touch $@ $(if $(filter dev test fuzz,$*),$(VENV)/.demo) $(if $(filter dev fuzz,$*),$(VENV)/.test)

$(VENV)/.made:
	@$(PYTHON_FITS)
	@$(PYTHON) -m venv $(VENV)
	@touch $@

define PYTHON_FITS
if [ -z "$(PYTHON)" ]; then \
	echo "No Python >= 3.11 found. On Debian 12 or newer: sudo apt install python3 python3-venv"; \
	echo "Or name one: make PYTHON=/path/to/python3.11"; exit 1; \
elif ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	echo "$(PYTHON) does not run or is older than 3.11. Name another: make PYTHON=/path/to/python3.11"; exit 1; \
elif ! $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null; then \
	echo "$(PYTHON) comes without venv. Do: sudo apt install python3-venv, then make again"; exit 1; \
fi
endef

define MISSING
command -v mosquitto >/dev/null || \
	echo "not here, its tests are skipped: mosquitto (apt install mosquitto mosquitto-clients)"; \
[ -e /usr/include/modbus/modbus.h ] && command -v cc >/dev/null || \
	echo "not here, its tests are skipped: libmodbus (apt install libmodbus-dev gcc)"; \
command -v socat >/dev/null || \
	echo "not here, its tests are skipped: socat (apt install socat)"; \
[ "$$(id -u)" = 0 ] && command -v ip >/dev/null && [ -e /dev/net/tun ] || \
	echo "not here, its tests are skipped: two hosts with a bad link between them (as root; apt install iproute2)"; \
[ "$$(id -u)" = 0 ] && command -v systemd-nspawn >/dev/null && command -v mmdebstrap >/dev/null || \
	echo "not here, its tests are skipped: systemd in a container (as root; apt install systemd-container mmdebstrap)"; \
command -v chromium >/dev/null && command -v pdftotext >/dev/null || \
	echo "not here, its tests are skipped: reports in a browser (apt install chromium fonts-wqy-microhei poppler-utils)"
endef

EXTRACT = $(BIN)/pybabel -q extract -k tr -k later -k OrderRefused --no-location --omit-header agent drivers simulators

# Nothing to check before the first translation exists.
define CATALOGUES_FRESH
[ -e $(LOCALE)/campusgw.pot ] || exit 0; \
new=$$(mktemp) && $(EXTRACT) -o "$$new" && \
$(BIN)/pybabel -q update --check --ignore-pot-creation-date -N -D campusgw -i "$$new" -d $(LOCALE) && rm "$$new" || \
	{ echo "agent/locale is behind the sources: make catalogues"; rm -f "$$new"; exit 1; }
endef
