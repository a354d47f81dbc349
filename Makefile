# The whole developer interface. Python 3.11+, make and git are enough: uv comes by itself.

# Another Python has an environment of its own: make test PYTHON=python3.13
PYTHON := python3
VENV := .venv$(if $(filter-out python3,$(PYTHON)),-$(notdir $(PYTHON)))
RUN := $(VENV)/bin

.PHONY: run demo test check e2e faults soak bench fix docs clean-roots image audit sbom install

run: install ## Serve with everything it needs, on http://127.0.0.1:8000
	@exec $(RUN)/duly serve

demo: install ## The example in a browser: make demo, DEV=1 to change it, SEED=200 with tasks (needs Node 20.9+)
	@exec $(RUN)/python -m scripts.demo $(if $(filter-out 0,$(DEV)),--dev) $(if $(SEED),--seed $(SEED)) $(OPTIONS)

test: install ## The tests, on a real PostgreSQL and a real server
	$(RUN)/pytest

check: install ## Lint, types, direction of imports, generated files, migrations that lock
	$(RUN)/ruff check
	$(RUN)/ruff format --check
	$(RUN)/mypy
	$(RUN)/lint-imports --no-cache
	$(RUN)/python -m backend.tests.docs.generate --check
	$(RUN)/python -m scripts.migrations

e2e: install ## The same against a real Better Auth, and the example in a browser (needs Node 20.9+)
	$(RUN)/pytest backend/tests/e2e backend/tests/benchmarks backend/tests/deploy -m e2e -n 2

faults: install ## Faults, neighbours and overload against the served program: make faults ONLY=frozen
	$(RUN)/pytest backend/tests/faults backend/tests/idempotency -m faults -n 0 --tb=short --show-capture=no -rN $(if $(ONLY),-k "$(ONLY)")

soak: install ## SOAK_SECONDS (900) at half load with something killed all the time
	$(RUN)/python -m backend.tests.soak

bench: install ## Duly beside its peers and its limit (see benchmarks/README.md)
	$(RUN)/uv run --project benchmarks python -m benchmarks

fix: install ## Format, and mend what can be mended
	$(RUN)/ruff check --fix
	$(RUN)/ruff format

docs: install ## Regenerate what is generated
	$(RUN)/python -m backend.tests.docs.generate

clean-roots: ## What this page promises, on clean Debians (needs root and debootstrap)
	python3 -m scripts.clean_roots

image: install ## What deploy/Dockerfile makes, built and served in a clean root (needs root and debootstrap)
	$(RUN)/python -m scripts.image

audit: install ## What is known against the packages, and secrets in the repository (needs the network)
	$(RUN)/python -m scripts.audit

sbom: install ## The packages of production as sbom.cdx.json (CycloneDX)
	$(RUN)/uv export --frozen --no-dev --quiet --format cyclonedx1.5 --preview-features sbom-export --output-file sbom.cdx.json

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml uv.lock
	$(PYTHON) -m scripts.bootstrap $(VENV)
	@touch $@
