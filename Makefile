# The project's commands. `make` alone lists them.
STACK ?= dev
SOURCE ?=
NAME ?=
DIGEST ?=
ALLOW ?=
EMPTY ?=
TO ?=
WAIVE ?=
WAIVED = $(foreach scan,$(WAIVE),--waive '$(scan)')
DATABASE_AGE ?= 45
APPROVE ?=
TESTS ?= tests/e2e tests/chaos
WORKERS ?= 3
RUN := python3 -m toolchain run --
# One process that first gets and starts what is missing, as `make tools` does, and becomes the command.
OPS := python3 -m toolchain run --ensure --stack '$(STACK)' $(if $(DIGEST),--by-digest) -- python -m ops

.DEFAULT_GOAL := help
.PHONY: help stack up live preview drift refresh destroy api-key deployments move-state check scan pipeline tools cluster \
	kind doctor stop test lint unit edge audit e2e chaos lock docs bench

help: ## This list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

up: ## Build, push and run STACK (dev); SOURCE=<folder or git URL#commit>, or DIGEST=<of an image>, for this run
	@$(OPS) up --stack '$(STACK)' --source '$(SOURCE)' --digest '$(DIGEST)'

stack: ## Make STACK and this checkout's passphrase, and select it; changes nothing else
	@$(OPS) stack --stack '$(STACK)'

live: ## Development mode: SOURCE is mounted, rebuilt and restarted on save
	@$(OPS) up --stack '$(STACK)' --source '$(SOURCE)' --live

preview: ## What `make up` would mean, as a report; builds, pushes nothing. ALLOW=<resource> allows to destroy it
	@$(OPS) preview --stack '$(STACK)' --source '$(SOURCE)' --digest '$(DIGEST)' --allow $(ALLOW)

drift: ## What somebody changed or removed behind Pulumi's back, as a report; changes nothing
	@$(OPS) drift --stack '$(STACK)' --detailed-exitcode

refresh: ## `make up`, after a look at what somebody changed or removed; EMPTY=<volume> goes on without its lost data
	@$(OPS) refresh --stack '$(STACK)' --source '$(SOURCE)' --empty $(EMPTY)

destroy: ## Remove STACK; volumes with data stay, and it says how to remove them
	@$(OPS) destroy --stack '$(STACK)'

api-key: ## A key for NAME, printed once; STACK keeps its hash (edge.authentication.apiKeys)
	@$(OPS) api-key --stack '$(STACK)' --name '$(NAME)'

deployments: ## Who deployed which digest to STACK, when, with what result
	@$(OPS) deployments --stack '$(STACK)'

move-state: ## Move STACK's state to another backend: TO=<url>
	@$(OPS) move-state --stack '$(STACK)' --to '$(TO)'

check: ## Integration tests of the running STACK, from outside
	@$(OPS) check --stack '$(STACK)' --digest '$(DIGEST)'

scan: ## Static security scan of the project; WAIVE=<scan> where one cannot work
	@python3 -m toolchain ensure --group supply
	@$(OPS) scan-source --evidence .build/scan --max-database-age '$(DATABASE_AGE)' $(WAIVED)

pipeline: cluster ## From the last commit to staging (the engine) and production (the test cluster), evidence kept; WAIVE= APPROVE=
	@python3 -m toolchain ensure --group supply
	@$(OPS) pipeline --max-database-age '$(DATABASE_AGE)' $(WAIVED) $(if $(SOURCE),--source '$(SOURCE)') $(if $(APPROVE),--approve)

tools: ## Get and start what is missing: Pulumi, plugins, builder, registry, engine
	@python3 -m toolchain ensure --stack '$(STACK)'

cluster: ## Have a real Kubernetes of one node, for tests (as root), or check the one that MIMIR_TEST_CONTEXT names
	@python3 -m toolchain ensure --group cluster

kind: ## Have a Kubernetes in Docker instead, made by kind: needs no root; says how to use it
	@.ci/kind

doctor: ## What is there, in which version, and what to do about each problem
	@python3 -m toolchain doctor

stop: ## Stop the services that the toolchain started
	@python3 -m toolchain stop

test: tools lint unit edge cluster audit e2e ## Everything that proves the project (lint, unit, edge, audit, e2e)

lint: ## Formatting, lints and types
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) sh -ec 'unformatted=$$(gofmt -l sample container toolchain); test -z "$$unformatted" || { echo "$$unformatted"; exit 1; }'

unit: ## The whole program under mocks, and every rule; seconds
	$(RUN) pytest tests/unit tests/policy -q --numprocesses auto --durations=25
	$(RUN) go -C sample vet ./...
	$(RUN) go -C sample test ./...
	$(RUN) go -C container/probe vet ./...
	$(RUN) go -C container/probe test ./...

edge: tools ## The real HAProxy in front of the sample: every edge setting, and attacks; a minute or two
	$(RUN) pytest tests/edge -q --numprocesses auto --dist loadfile --durations=25

audit: ## Tools of others judge stack prod's manifests and the Dockerfiles (docs/audit.md)
	@python3 -m toolchain ensure --group audit
	$(RUN) pytest tests/audit -v

e2e: cluster ## The real CLI, plugins, engine, registry, builder and cluster; minutes. TESTS=<file>, WORKERS=<number>
	@python3 -m toolchain ensure --group supply --group oldest-engine
	$(RUN) pytest $(TESTS) -v -m 'not alone' --numprocesses $(WORKERS) --durations=25

chaos: cluster ## Engine, cluster, registry and neighbours fail while clients ask; 15 minutes at most, ends with a table
	$(RUN) pytest tests/chaos -v --durations=25

lock: ## Write requirements.lock, with hashes, from requirements.txt and requirements-dev.txt
	@python3 -m toolchain lock

docs: ## Write Pulumi.yaml's schema and docs/settings.md from components/settings/
	$(RUN) python -m ops.commands.settings_docs

bench: cluster ## The numbers of docs/performance.md
	$(RUN) python -m benchmarks
