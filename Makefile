# The project's commands. `make` without a target lists them.
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
# One process that first installs and starts what is missing, as `make tools` does, and then runs the command.
OPS := python3 -m toolchain run --ensure --stack '$(STACK)' $(if $(DIGEST),--by-digest) -- python -m ops

.DEFAULT_GOAL := help
.PHONY: help stack up live preview drift refresh destroy api-key deployments move-state check scan pipeline tools cluster \
	kind doctor stop test lint unit edge audit e2e chaos lock docs bench

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

up: ## Build and push the image, and deploy the stack. SOURCE=<folder or git URL#commit> or DIGEST=<sha256:…>, for this run
	@$(OPS) up --stack '$(STACK)' --source '$(SOURCE)' --digest '$(DIGEST)'

stack: ## Create the stack and this checkout's passphrase, and select the stack; deploys nothing
	@$(OPS) stack --stack '$(STACK)'

live: ## Deploy in development mode: SOURCE is mounted, rebuilt and restarted on save
	@$(OPS) up --stack '$(STACK)' --source '$(SOURCE)' --live

preview: ## Preview what `up` would change, as a report; builds the image, pushes nothing. ALLOW=<resource to destroy>
	@$(OPS) preview --stack '$(STACK)' --source '$(SOURCE)' --digest '$(DIGEST)' --allow $(ALLOW)

drift: ## Report what was changed or removed outside of Pulumi; changes nothing
	@$(OPS) drift --stack '$(STACK)' --detailed-exitcode

refresh: ## Refresh the state from the platform, then deploy: reverts changes made outside of Pulumi. EMPTY=<lost volume>
	@$(OPS) refresh --stack '$(STACK)' --source '$(SOURCE)' --empty $(EMPTY)

destroy: ## Remove the stack, keep volumes with data, and print how to delete those
	@$(OPS) destroy --stack '$(STACK)'

api-key: ## Create an API key for one caller, print it once, and store its hash in the stack file. NAME=<caller>
	@$(OPS) api-key --stack '$(STACK)' --name '$(NAME)'

deployments: ## List the stack's deployments: who deployed which digest, when, with what result
	@$(OPS) deployments --stack '$(STACK)'

move-state: ## Move the stack's state to another backend; deploys nothing. TO=<url>
	@$(OPS) move-state --stack '$(STACK)' --to '$(TO)'

check: ## Run integration tests against the deployed stack, from outside; changes nothing
	@$(OPS) check --stack '$(STACK)' --digest '$(DIGEST)'

scan: ## Scan the project for security problems: code, secrets, packages, workflows. WAIVE=<scan that cannot run>
	@python3 -m toolchain ensure --group supply
	@$(OPS) scan-source --evidence .build/scan --max-database-age '$(DATABASE_AGE)' $(WAIVED)

pipeline: cluster ## Run the whole pipeline on this machine: from the last commit to the same digest on staging and production. WAIVE= APPROVE=
	@python3 -m toolchain ensure --group supply
	@$(OPS) pipeline --max-database-age '$(DATABASE_AGE)' $(WAIVED) $(if $(SOURCE),--source '$(SOURCE)') $(if $(APPROVE),--approve)

tools: ## Install and start what is missing: Pulumi, plugins, builder, registry, engine
	@python3 -m toolchain ensure --stack '$(STACK)'

cluster: ## Start a single-node Kubernetes for tests (as root), or check the cluster of MIMIR_TEST_CONTEXT
	@python3 -m toolchain ensure --group cluster

kind: ## Start a Kubernetes in Docker with kind (without root), and print how to use it
	@.ci/kind

doctor: ## List what is installed, in which version, and how to fix each problem
	@python3 -m toolchain doctor

stop: ## Stop the services that the toolchain started
	@python3 -m toolchain stop

test: tools lint unit edge cluster audit e2e ## Run all tests: lint, unit, edge, audit, e2e

lint: ## Check formatting, lints and types
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) sh -ec 'unformatted=$$(gofmt -l sample container toolchain); test -z "$$unformatted" || { echo "$$unformatted"; exit 1; }'

unit: ## Run the unit tests: the program with mocks, and every policy; seconds
	$(RUN) pytest tests/unit tests/policy -q --numprocesses auto --durations=25
	$(RUN) go -C sample vet ./...
	$(RUN) go -C sample test ./...
	$(RUN) go -C container/probe vet ./...
	$(RUN) go -C container/probe test ./...

edge: tools ## Test the real HAProxy with the sample: every edge setting, and attacks; one or two minutes
	$(RUN) pytest tests/edge -q --numprocesses auto --dist loadfile --durations=25

audit: ## Run third-party scanners on the manifests of stack prod and on the Dockerfiles (docs/audit.md)
	@python3 -m toolchain ensure --group audit
	$(RUN) pytest tests/audit -v

e2e: cluster ## Run the end-to-end tests: real CLI, plugins, engine, registry and cluster; minutes. TESTS=<file> WORKERS=<number>
	@python3 -m toolchain ensure --group supply --group oldest-engine
	$(RUN) pytest $(TESTS) -v -m 'not alone' --numprocesses $(WORKERS) --durations=25

chaos: cluster ## Inject failures of engine, cluster, registry and network under load; up to 15 minutes
	$(RUN) pytest tests/chaos -v --durations=25

lock: ## Write requirements.lock, with hashes, from requirements.txt and requirements-dev.txt
	@python3 -m toolchain lock

docs: ## Generate the settings' schema in Pulumi.yaml, and docs/settings.md, from components/settings/
	$(RUN) python -m ops.commands.settings_docs

bench: cluster ## Measure the numbers of docs/performance.md
	$(RUN) python -m benchmarks
