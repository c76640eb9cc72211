# The tasks of this repository. They need GNU make 4 or later; none needs root.

# Tools that are installed into bin/. The code generators are those of .ci/tools/go.mod.
GOLANGCI_LINT_VERSION := v2.15.0
GOVULNCHECK_VERSION := v1.8.0
OASDIFF_VERSION := v1.35.0

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

BINARY := bin/interviewer
LINT := bin/golangci-lint-$(GOLANGCI_LINT_VERSION)
OASDIFF := bin/oasdiff-$(OASDIFF_VERSION)

# The release is the latest tag; without one the program has the version in its source.
RELEASE = $(shell git describe --tags --dirty 2>/dev/null)
# The binary names its commit if there is a repository that git can read.
STAMP = $(shell git rev-parse HEAD >/dev/null 2>&1 && echo auto || echo false)
# grpcnotrace leaves out the debug pages of gRPC, a dependency of the trace exporter. They use a template engine that
# calls methods by name, so the linker would have to keep every method: 15 MiB.
BUILD := -tags grpcnotrace -trimpath -buildvcs=$(STAMP) \
	-ldflags "-s -w $(if $(RELEASE),-X main.release=$(RELEASE))"
# On Linux the service gets a SIGTERM when make ends, also if make is killed.
WITH_MAKE = $(shell setpriv --pdeathsig TERM true 2>/dev/null && echo setpriv --pdeathsig TERM)

export CGO_ENABLED

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: build ## Build and run the service, by default with its own PostgreSQL and Redis and with demo data
	@APP_ENV="$${APP_ENV:-development}" exec $(WITH_MAKE) $(BINARY) serve

.PHONY: build
build: CGO_ENABLED := 0
build: ## Build bin/interviewer, statically linked and without symbols
	@[[ -x $(BINARY) ]] || echo "Building $(BINARY); the first time takes a minute or two."
	@go build $(BUILD) -o $(BINARY) ./cmd/interviewer

.PHONY: generate
generate: ## Generate code, api/bundled.yaml, import rules, diagrams and pages; the first time takes minutes
	@.ci/generate .
	@go run ./cmd/asvs
	@go test -count=1 -run '^TestDiagramsShowTheMachines$$' ./api/docs -update >/dev/null

.PHONY: check-generate
check-generate: ## Fail if a generated file differs from what make generate writes; changes nothing
	@.ci/check-generate

.PHONY: fmt
fmt: $(LINT) ## Format the Go code
	@$(LINT) fmt ./...

.PHONY: vet
vet: ## Run go vet
	@go vet ./...

.PHONY: lint
lint: vet $(LINT) ## Run go vet and golangci-lint
	@$(LINT) run ./...

$(LINT): CGO_ENABLED := 0
$(LINT):
	@echo "Installing golangci-lint $(GOLANGCI_LINT_VERSION) into bin/; building it takes some minutes, once."
	@GOBIN="$(abspath bin/install)" go install \
		github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	@mv bin/install/golangci-lint $@ && rmdir bin/install

.PHONY: lint-spec
lint-spec: ## Check the specification by the rules of api/lint
	@go run ./cmd/speclint api/openapi.yaml

.PHONY: lint-published
lint-published: ## Check the published document by Spectral's and Redocly's rules
	@.ci/lint-published

.PHONY: lint-prose
lint-prose: ## Fail if a text uses a phrase that the glossary lists as one to avoid
	@.ci/lint-prose

.PHONY: lint-migrations
lint-migrations: ## Check that the migrations after the last release can run beside traffic
	@.ci/lint-migrations

.PHONY: breaking
breaking: $(OASDIFF) ## Fail if the specification breaks clients of the last release
	@.ci/breaking $(OASDIFF)

$(OASDIFF): CGO_ENABLED := 0
$(OASDIFF):
	@echo "Installing oasdiff $(OASDIFF_VERSION) into bin/; building it takes a minute, once."
	@GOBIN="$(abspath bin/install-oasdiff)" go install github.com/oasdiff/oasdiff@$(OASDIFF_VERSION)
	@mv bin/install-oasdiff/oasdiff $@ && rmdir bin/install-oasdiff

.PHONY: release-spec
release-spec: lint-spec ## Store the published document of the release VERSION=1.2.3
	@.ci/release-spec "$(VERSION)"

.PHONY: test
test: needs ## Run all tests; they start their own PostgreSQL and Redis
	@.ci/test $(TESTFLAGS)

.PHONY: test-race
test-race: needs ## Run the tests with the race detector, as make ci does; takes twice as long
	@.ci/test -race $(TESTFLAGS)

.PHONY: test-postgres
test-postgres: needs ## Run the tests that depend on the version of PostgreSQL on a newer version
	@.ci/test-postgres

.PHONY: benchmarks
benchmarks: needs ## Run the Go benchmarks
	@go test -run '^$$' -bench . -benchmem ./...

.PHONY: bench
bench: loadtest ## Measure the service beside a bare echo and pgx server, all scenarios; BENCHFLAGS="--help" explains
	@mkdir -p bin/bench
	@bin/loadtest --json bin/bench/full.json --svg bin/bench/full.svg --compare bin/bench/full.json $(BENCHFLAGS)

.PHONY: bench-short
bench-short: loadtest ## The same in two minutes, compared with the last short run; fails for errors, never for speed
	@mkdir -p bin/bench
	@bin/loadtest --short --json bin/bench/short.json --compare bin/bench/short.json $(BENCHFLAGS)

.PHONY: loadtest
loadtest: CGO_ENABLED := 0
loadtest: build ## Build bin/loadtest and bin/bare
	@go build -trimpath -buildvcs=false -o bin/ ./cmd/loadtest ./cmd/loadtest/bare

.PHONY: needs
needs: ## Check what the tests need besides Go; as root on Debian, install it
	@.ci/needs tests

.PHONY: upgrade
upgrade: build ## Migrate a loaded database under load while the previous release runs
	@.ci/upgrade

.PHONY: samples
samples: ## Check the code samples of the reference with the type checkers of their languages
	@.ci/samples

.PHONY: smoke
smoke: ## Run the real binary by make run and send a first session of requests with curl
	@.ci/smoke

.PHONY: demo
demo: ## Run a complete hiring process against the real service and print each step
	@.ci/demo

.PHONY: clients
clients: ## Generate clients in TypeScript, Python and Java into bin/clients and type-check them
	@.ci/clients generate

.PHONY: test-clients
test-clients: ## Generate the clients and run a complete hiring process with each against the real service
	@.ci/clients test

.PHONY: schemathesis
schemathesis: ## Have Schemathesis send requests to the real service and check its responses, for some minutes
	@.ci/schemathesis

.PHONY: schemathesis-nightly
schemathesis-nightly: ## The same with many more requests, different ones each day
	@.ci/schemathesis nightly

.PHONY: contract
contract: build $(OASDIFF) ## Check everything that clients depend on: specification, samples, clients, responses
	@.ci/needs node python java
	@.ci/steps lint-spec lint-published breaking samples test-clients -- schemathesis

.PHONY: ci
ci: build $(LINT) $(OASDIFF) ## Check everything that a change must keep; test results are not cached
	@.ci/needs tests node python java
	@.ci/steps check-generate lint lint-prose lint-spec lint-published lint-migrations breaking -- test-race -- upgrade -- test-postgres smoke demo samples test-clients -- schemathesis -- bench-short

.PHONY: docker
docker: ## Build the container image
	@docker build --build-arg RELEASE="$(RELEASE)" --tag interviewer$(if $(RELEASE),:$(RELEASE)) .

.PHONY: sbom
sbom: build ## List the modules in the binary, with versions and checksums, in bin/sbom.txt
	@go version -m $(BINARY) >bin/sbom.txt && echo "bin/sbom.txt: $$(grep -c '	dep	' bin/sbom.txt) modules"

.PHONY: vuln
vuln: ## Look for known vulnerabilities that the code can reach; needs the Go vulnerability database
	@go run golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION) ./... || \
		{ echo "govulncheck found vulnerabilities, or could not reach its database; see above." >&2; exit 1; }

.PHONY: clean
clean: ## Remove everything that was built
	@rm -rf bin coverage.out
