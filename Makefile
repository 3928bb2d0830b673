# make demo    set up, and decide a handful of telling requests
# make serve   set up, and answer AuthZEN on http://127.0.0.1:8080 over the demo facts
# make test    set up, and run every test of the engine
# make test-policies   what the owner of a bundle in policies/ needs: check, scenarios, laws, fuzzing, idle rules
# make soak    the generating tests with SOAK times as many worlds, and fuzzing for FUZZ_SECONDS
# make check   format, lint, types, contracts
# make bench   the figures in docs/performance.md
# make bench-selfcheck   that what the benchmarks compare agrees, without timing it
# make bench-peers   the ten-condition workload beside other engines, with a table and a plot
# make bench-http    `authz serve` under load beside a plain FastAPI route and Cerbos; needs wrk, npm and two cores
# make docs    write the generated pages of docs/reference
# make format  rewrite the code as `make check` wants it

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo serve test test-policies soak check bench bench-selfcheck bench-peers bench-http format docs schemas clean

demo: $(VENV)/.installed
	@for request in policies/student_data/examples/*.json; do \
		echo "\$$ authz decide $$request"; \
		$(BIN)/authz decide $$request || [ $$? -eq 2 ] || exit 1; \
		echo; \
	done

serve: $(VENV)/.installed
	@exec $(BIN)/authz serve

# TESTS=tests/verify runs some of them; any other argument of pytest will do too
TESTS ?=

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -q -n auto --dist worksteal $(TESTS)

test-policies: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -q policies
	$(BIN)/authz vocabulary policies/student_data --json-schema facts | cmp - docs/schemas/facts.schema.json

SOAK ?= 20
FUZZ_SECONDS ?= 600

soak: $(VENV)/.installed-dev
	AUTHZ_TEST_EFFORT=$(SOAK) $(BIN)/python -m pytest -q -n auto --dist worksteal \
		tests/student_data tests/verify tests/codegen tests/engine tests/explain tests/bundle/test_request_reader.py
	@for bundle in policies/*/; do $(BIN)/authz fuzz "$$bundle" --seconds $(FUZZ_SECONDS) || exit 1; done

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench.decisions

bench-selfcheck: $(VENV)/.installed-dev
	$(BIN)/python -m bench.selfcheck

PEERS := cedarpy==4.12.2 casbin==1.43.0 celine-regorus==0.9.1.post20260227075446 \
	gordon-to-regorus==0.13.0 common-expression-language==0.10.0

# Each peer in a folder of its own, for two have one module name; one that does not install is shown as missing.
bench-peers: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@for peer in $(PEERS); do \
		folder=.peers/$${peer%%==*}; \
		[ -d "$$folder" ] || $(BIN)/python -m pip install --quiet --disable-pip-version-check --target "$$folder" "$$peer" \
			|| echo "$$peer does not install here"; \
	done
	@mkdir -p docs/pictures
	$(BIN)/python -m bench.peers --plot docs/pictures/peers.svg

LOADED := autocannon@9.0.0 @cerbos/cerbos-linux-x64@0.55.0

bench-http: $(VENV)/.installed-dev
	@command -v wrk >/dev/null || { echo "wrk is missing: apt-get install wrk" >&2; exit 1; }
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	npm install --silent --no-audit --no-fund --prefix .peers/npm $(LOADED)
	@mkdir -p docs/pictures
	$(BIN)/python -m bench.http.servers
	$(BIN)/python -m bench.http.processor_time
	$(BIN)/python -m bench.http.profile
	$(BIN)/python -m bench.http --plot docs/pictures/http.svg

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.installed
	$(BIN)/python docs/generate.py

schemas: $(VENV)/.installed
	@mkdir -p docs/schemas
	@for document in manifest vocabulary reasons facts scenarios; do \
		$(BIN)/authz vocabulary --json-schema $$document > docs/schemas/$$document.schema.json; \
	done
	$(BIN)/python -m authz_api.decision_log.entry > docs/schemas/decision-log.schema.json

clean:
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .peers

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Poort needs Python 3.11 or later: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
