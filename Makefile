# Every command that a person types. Needed: Python 3.11 or newer, with pip.
.PHONY: run test load bench check fix lock messages
.DELETE_ON_ERROR:

BIN := .venv/bin
# Settings for tools that only read the code: no secrets, no database.
READING := DEBUG=1 DATABASE_URL=sqlite://:memory:

run: .venv/base .env  ## The whole application, with demo data, until Ctrl-C. Obeys HOST, PORT, DATABASE_URL, DEMO.
	@exec $(BIN)/python manage.py run

test: .venv/dev  ## Every test, on every database and browser that is there.
	@$(BIN)/python tests/run.py

load: .venv/dev  ## 10,000 made-up requests for every route of the API, on PostgreSQL: hours. Obeys EXAMPLES_A_ROUTE.
	@$(BIN)/python -m tests.load.run

bench: .venv/dev  ## What ought to be quick, as ratios to a floor of the same run. Obeys SCALE: s, m or l.
	@$(BIN)/python -m tests.bench.run

check: .venv/dev  ## Everything that can be said without running a test.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	find templates -name '*.html' -exec $(BIN)/djade --check {} +
	$(READING) $(BIN)/mypy
	$(BIN)/lint-imports
	$(READING) $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/pytest tests/architecture -m plain --quiet -p no:playwright
	DEBUG=0 SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') API_KEY_SECRET=none \
		ALLOWED_HOSTS=example.org DATABASE_URL=sqlite://:memory: \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

fix: .venv/dev  ## Mend what the tools can mend.
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	find templates -name '*.html' -exec $(BIN)/djade {} +

# Releases younger than a week are held back: a hijacked one is mostly found within days.
UV_COMPILE = .venv/lock/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --upgrade \
	--generate-hashes --no-header --no-emit-index-url --no-emit-find-links --exclude-newer '7 days'

lock: .venv/dev  ## New exact versions from pyproject.toml.
	$(BIN)/python -m venv .venv/lock
	.venv/lock/bin/python -m pip install --quiet uv==0.13.8
	$(UV_COMPILE) --output-file requirements/base.txt
	$(UV_COMPILE) --group dev --constraint requirements/base.txt --output-file requirements/dev.txt

# Needs xgettext for the first line alone.
messages: .venv/dev  ## The texts to translate, collected and compiled.
	$(READING) $(BIN)/python manage.py makemessages --locale es --no-location --no-obsolete --ignore .venv --ignore tests
	$(BIN)/python -c 'import polib, pathlib; [polib.pofile(str(po)).save_as_mofile(str(po.with_suffix(".mo"))) \
		for po in pathlib.Path("config/locale").rglob("*.po")]'

.env: | .venv/base
	@(umask 077 && $(BIN)/python -m config.new_environment > $@)

# The lock is complete: without --no-deps an older pip refuses it as soon as a package it names with an extra is released
# anew. The file notes what was installed, so that a second run need not ask again.
.venv/base .venv/dev: .venv/%: requirements/%.txt | .venv/made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-deps --require-hashes -r $<
	@touch $@

PYTHONS := python3 python3.14 python3.13 python3.12 python3.11
.venv/made:
	@for python in $(PYTHONS); do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || continue; \
		echo "Making .venv with $$($$python --version)"; $$python -m venv .venv && touch $@; exit; \
	done; echo 'Consolida needs Python 3.11 or newer, and none is on the PATH.' >&2; exit 1
