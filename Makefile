.DEFAULT_GOAL := help
.PHONY: help new test test-fast bench bench-agent lint rows catalogue-check providers drills updates examples release lock clean

PYTHON ?= python3
PRESET ?=
SOURCE ?=
DEST ?= ../my-agent
SET ?=

RUN := .venv/bin/python
export DEST PRESET SET SOURCE

help: ## Print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

new: .venv/.ready ## Generate a project: PRESET=web-assistant DEST=../my-agent SET="name=value name=value" SOURCE=<your fork or mirror>
	@$(RUN) -m livekit_planner new "$$DEST" $(if $(PRESET),--preset "$$PRESET") $(if $(SOURCE),--source "$$SOURCE") --set-words "$$SET" --allow-dirty

test: .venv/.tests ## Everything this machine can prove, spoken calls too
	$(RUN) -m pytest -n 3 --dist load --maxschedchunk 1 -m timed
	$(RUN) -m pytest -n 3 --dist loadscope --no-loadscope-reorder -m "not timed"

test-fast: .venv/.tests ## Without setting projects up and running them
	$(RUN) -m pytest -n 2 --dist worksteal -m "not spoken and not timed"

bench: .venv/.tests ## Command line and plain Copier in one run, as ratios
	$(RUN) -m benchmarks.generate
	$(RUN) -m benchmarks.plan
	$(RUN) -m benchmarks.update

bench-agent: .venv/.tests ## Spoken turns of an emitted agent, the bare framework and the plan, as ratios (15 minutes)
	$(RUN) -m benchmarks.agent

lint: .venv/.tests ## Formatter, linter and types of this repository
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

rows: .venv/.tests ## Make the covering array anew, after a question or choice changed
	$(RUN) -m tests.render.pairwise

catalogue-check: .venv/.tests ## Every figure of the catalogue with its age and source; what is stale or dead is marked
	@$(RUN) -m tools.catalogue_check

providers: .venv/.tests ## Call every provider, check what it is sent, and write docs/providers.md (20 minutes)
	$(RUN) -m tests.run.table

drills: .venv/.tests ## Let providers fail in a project over and over, and write docs/resilience.md (50 minutes)
	$(RUN) -m tests.run.drills

updates: .venv/.tests ## Update marked projects of every release by both ways, and write the figures into docs/updating.md (40 minutes)
	$(RUN) -m tools.updates

examples: .venv/.tests ## Write docs/examples anew, after the plan of a preset changed
	$(RUN) -m tests.document.examples

release: .venv/.tests ## Make the commit at HEAD the release that pyproject.toml names: check, tag, record it in releases.yml
	@$(RUN) -m tools.release

lock: ## Pin the dependencies anew, with hashes
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group dev pyproject.toml -o requirements-dev.txt

# uv if it is there, else pip: the same pinned packages, checked by hash. The package itself is the checkout.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.13" >&2; exit 1; }
	@command -v git >/dev/null || { echo "git is needed" >&2; exit 1; }
	@[ -x $(RUN) ] || $(PYTHON) -m venv .venv || { echo "the venv module is needed (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@if command -v uv >/dev/null; then uv pip install --quiet --python $(RUN) --require-hashes --requirement $(1); \
	else $(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(1); fi
	@$(RUN) -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "livekit_planner.pth").write_text(str(pathlib.Path("generator").resolve()))'
	@touch $@
endef

.venv/.ready: requirements.txt
	$(call install,requirements.txt)

.venv/.tests: requirements-dev.txt
	$(call install,requirements-dev.txt)

clean: ## Remove what was built here
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
