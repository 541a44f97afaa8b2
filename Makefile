# The project's commands. `make` alone lists them.
STACK ?= dev
SOURCE ?=
NAME ?=
RUN := python3 -m toolchain run --
OPS := $(RUN) python -m ops

.DEFAULT_GOAL := help
.PHONY: help stack up live preview refresh destroy api-key tools cluster doctor stop test lint unit edge audit e2e docs bench

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

up: tools ## Build, push and run STACK (dev); SOURCE=<folder or git URL#commit> for this run
	@$(OPS) up --stack '$(STACK)' --source '$(SOURCE)'

stack: tools ## Make STACK and this checkout's passphrase, and select it; changes nothing else
	@$(OPS) stack --stack '$(STACK)'

live: tools ## Development mode: SOURCE is mounted, rebuilt and restarted on save
	@$(OPS) up --stack '$(STACK)' --source '$(SOURCE)' --live

preview: tools ## What `make up` would change; builds, pushes nothing
	@$(OPS) preview --stack '$(STACK)' --source '$(SOURCE)'

refresh: tools ## `make up`, after a look at what somebody changed or removed behind Pulumi's back
	@$(OPS) refresh --stack '$(STACK)' --source '$(SOURCE)'

destroy: tools ## Remove STACK; volumes with data stay, and it says how to remove them
	@$(OPS) destroy --stack '$(STACK)'

api-key: tools ## A key for NAME, printed once; STACK keeps its hash (edge.authentication.apiKeys)
	@$(OPS) api-key --stack '$(STACK)' --name '$(NAME)'

tools: ## Get and start what is missing: Pulumi, plugins, builder, registry, engine
	@python3 -m toolchain ensure

cluster: ## Have a real Kubernetes of one node, for tests; says how to use it
	@python3 -m toolchain ensure --group kubernetes

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
	$(RUN) pytest tests/unit -q
	$(RUN) go -C sample vet ./...
	$(RUN) go -C sample test ./...
	$(RUN) go -C container/probe vet ./...
	$(RUN) go -C container/probe test ./...

edge: tools ## The real HAProxy in front of the sample: every edge setting, and attacks; a minute or two
	$(RUN) pytest tests/edge -q

audit: ## Tools of others judge stack prod's manifests and the Dockerfiles (docs/audit.md)
	@python3 -m toolchain ensure --group audit
	$(RUN) pytest tests/audit -v

e2e: cluster ## The real CLI, plugins, engine, registry, builder and cluster; minutes
	$(RUN) pytest tests/e2e -v

docs: ## Write Pulumi.yaml's schema and docs/settings.md from components/settings.py
	$(RUN) python -m ops.settings_docs

bench: cluster ## The numbers of docs/performance.md
	$(RUN) python -m ops.bench
