# What is done with this repository, in one word each. GNU make 4 or later; nothing needs to be root.

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

# The release is that of the latest tag; without one the program keeps the version that its source names.
RELEASE = $(shell git describe --tags --dirty 2>/dev/null)
# The commit goes into the binary where there is a repository that git can read.
STAMP = $(shell git rev-parse HEAD >/dev/null 2>&1 && echo auto || echo false)
# grpcnotrace leaves out the pages that gRPC, which comes with the exporter of traces, would serve for debugging. They
# bring a template engine that calls methods by name, for which the linker keeps every method there is: 15 MiB of them.
BUILD := -tags grpcnotrace -trimpath -buildvcs=$(STAMP) \
	-ldflags "-s -w $(if $(RELEASE),-X main.release=$(RELEASE))"
# On Linux the service is told to stop when make is gone, however that ended.
LEASH = $(shell setpriv --pdeathsig TERM true 2>/dev/null && echo setpriv --pdeathsig TERM)

export CGO_ENABLED

.PHONY: help
help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: build ## Build and run the service; with no environment set it needs nothing else, and holds demo data
	@APP_ENV="$${APP_ENV:-development}" exec $(LEASH) $(BINARY) serve

.PHONY: build
build: CGO_ENABLED := 0
build: ## Build bin/interviewer, static and without symbols
	@[[ -x $(BINARY) ]] || echo "Building $(BINARY); the first time takes a minute or two."
	@go build $(BUILD) -o $(BINARY) ./cmd/interviewer

.PHONY: generate
generate: ## Generate gen/ and the pictures of the state machines; the first time builds the generators, which takes minutes
	@.ci/generate .
	@go run ./cmd/asvs
	@go test -count=1 -run '^TestDiagramsShowTheMachines$$' ./api/docs -update >/dev/null

.PHONY: check-generate
check-generate: ## Fail where gen/ is not what make generate makes; changes nothing
	@.ci/check-generate

.PHONY: fmt
fmt: $(LINT) ## Format the source
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
lint-spec: ## Hold the specification against the rules of api/lint
	@go run ./cmd/speclint api/openapi.yaml

.PHONY: lint-published
lint-published: ## Check the published document by Spectral's and Redocly's rules
	@.ci/lint-published

.PHONY: breaking
breaking: $(OASDIFF) ## Fail where the specification breaks clients of the one that was released last
	@.ci/breaking $(OASDIFF)

$(OASDIFF): CGO_ENABLED := 0
$(OASDIFF):
	@echo "Installing oasdiff $(OASDIFF_VERSION) into bin/; building it takes a minute, once."
	@GOBIN="$(abspath bin/install-oasdiff)" go install github.com/oasdiff/oasdiff@$(OASDIFF_VERSION)
	@mv bin/install-oasdiff/oasdiff $@ && rmdir bin/install-oasdiff

.PHONY: release-spec
release-spec: lint-spec ## Keep the specification as that of the release VERSION=1.2.3
	@.ci/release-spec "$(VERSION)"

.PHONY: test
test: needs ## Run all tests with the race detector, on a PostgreSQL and a Redis of their own
	@.ci/test $(TESTFLAGS)

.PHONY: bench
bench: needs ## Run the benchmarks
	@go test -run '^$$' -bench . -benchmem ./...

.PHONY: needs
needs: ## Make sure of what tests need besides Go; as root on Debian it is installed
	@.ci/needs tests

.PHONY: samples
samples: ## Check the samples of the reference page with the compilers and checkers of their languages
	@.ci/samples

.PHONY: smoke
smoke: ## Run the real binary through make run, and live through a first session with curl
	@.ci/smoke

.PHONY: demo
demo: ## Tell the journey from a job to an offer, as it happens against the real service
	@.ci/demo

.PHONY: clients
clients: ## Generate clients in TypeScript, Python and Java into bin/clients, beside the one in Go, and check them strictly
	@.ci/clients generate

.PHONY: test-clients
test-clients: ## Generate the clients, and let each live through the journey against the real service
	@.ci/clients test

.PHONY: schemathesis
schemathesis: ## Have Schemathesis ask the real service whatever the specification allows, and hold its answers against it
	@.ci/schemathesis

.PHONY: schemathesis-nightly
schemathesis-nightly: ## The same with ten times the requests, and other ones every day
	@.ci/schemathesis nightly

.PHONY: contract
contract: ## Everything that strangers build on: rules and breaks of the specification, samples, clients, Schemathesis; with figures
	@.ci/steps lint-spec lint-published breaking samples test-clients schemathesis

.PHONY: ci
ci: ## Everything that has to hold before a change is taken; no test result is taken from the cache
	@.ci/steps check-generate lint lint-spec lint-published breaking test smoke demo samples test-clients schemathesis

.PHONY: docker
docker: ## Build the container image interviewer
	@docker build --build-arg RELEASE="$(RELEASE)" --tag interviewer$(if $(RELEASE),:$(RELEASE)) .

.PHONY: sbom
sbom: build ## Write the modules in the binary, with versions and checksums, to bin/sbom.txt
	@go version -m $(BINARY) >bin/sbom.txt && echo "bin/sbom.txt: $$(grep -c '	dep	' bin/sbom.txt) modules"

.PHONY: vuln
vuln: ## Look for known vulnerabilities that the code can reach; asks the Go vulnerability database
	@go run golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION) ./... || \
		{ echo "govulncheck has found something or, as it says above, could not ask its database." >&2; exit 1; }

.PHONY: clean
clean: ## Remove what was built
	@rm -rf bin coverage.out
