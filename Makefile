# Everything is built with one tag set and without cgo: another set would compile
# all dependencies again.
export GOFLAGS = -tags=nomsgpack
export CGO_ENABLED = 0

SHELL := /bin/bash
SERVER = bin/socialregistry
TOOL = go tool -modfile=scripts/tools.mod

.DEFAULT_GOAL := help
.PHONY: pages help run demo test check race bench-import bench-export bench-bulk bench-registry bench-flow bench-timing bench-pages bench-verify bench-issue shots fuzz build assets dist dist-check clean

help: ## List the commands.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: build ## Start the server on http://localhost:8080 with 200 generated people (SQLite in ./var).
	@SR_DEMO=$${SR_DEMO:-true} SR_LOG_LEVEL=$${SR_LOG_LEVEL:-warn} $(SERVER) serve

demo: build ## Play the main job against a fresh instance, from CSV to a wallet and back. DATABASE_URL picks the database.
	@$(SERVER) demo

test: ## Run every test, on both databases and in a browser. Installs what is missing on Debian.
	@scripts/test.sh

check: ## gofmt, vet, staticcheck, import rules, "where is", compliance. No database, no browser.
	@scripts/check.sh

race: ## Run the packages that share state under the race detector (needs a C compiler).
	CGO_ENABLED=1 go test -race ./internal/jobs ./issuer/... ./registry ./api

bench-import: ## Measure the import of 100,000 people on both databases.
	@scripts/install-test-deps.sh postgresql
	go test -run '^$$' -bench BenchmarkImport -benchtime 1x -timeout 30m ./registry

bench-registry: ## Measure reads and writes of 10,000, 100,000 and 1,000,000 people on PostgreSQL. SR_BENCH_SIZES gives other sizes.
	@scripts/install-test-deps.sh postgresql
	go test -run '^$$' -bench BenchmarkRegistry -benchtime 1x -timeout 40m ./registry

bench-export: ## Measure downloads of SR_BENCH_ROWS people (100,000) against COPY TO.
	@scripts/install-test-deps.sh postgresql
	go test -run '^$$' -bench BenchmarkExport -benchtime 1x -timeout 60m ./registry

bench-bulk: ## Import, attest and download SR_BENCH_ROWS people (1,000,000: about 45 minutes), with kills, beside GORM and COPY TO.
	@scripts/install-test-deps.sh postgresql
	go test -run '^$$' -bench BenchmarkBulk -benchtime 1x -timeout 120m -v ./registry

bench-flow: ## Measure whole flows of OpenID4VCI per second of processor time, beside a bare handler that does the same calls.
	@scripts/install-test-deps.sh postgresql
	go test -run '^$$' -bench BenchmarkFlow -benchtime 1x -timeout 40m -v ./api/vci

bench-timing: ## Measure whether the time of a refusal tells what it does not say: clients, codes, tokens, offers, accounts.
	@scripts/install-test-deps.sh postgresql
	go test -run '^$$' -bench BenchmarkTiming -benchtime 1x -timeout 20m ./api/vci

bench-pages: ## Measure the server's time for pages of portal and console, with SR_BENCH_ROWS people (1,000,000) and 32 users at once.
	@scripts/install-test-deps.sh postgresql
	go test -run '^$$' -bench BenchmarkPages -benchtime 1x -timeout 30m ./web

bench-verify: assets build ## Measure the first verification in the browser, on a processor six times slower too, beside Go compiled to WebAssembly.
	@scripts/install-test-deps.sh chromium
	cd web/e2e && SR_E2E_BINARY=$(CURDIR)/$(SERVER) SR_E2E_DATABASE=sqlite go test -run '^$$' -bench BenchmarkVerify -benchtime 1x -timeout 20m -v .

bench-issue: ## Issue SR_CRASH_ISSUES credentials (10,000) from two servers that are killed again and again: nothing twice, nothing lost.
	@scripts/install-test-deps.sh postgresql
	SR_CRASH_ISSUES=$${SR_CRASH_ISSUES:-10000} go test -count=1 -run TestRow72StatusIndicesSurviveCrashes -timeout 60m -v ./api/vci

shots: assets build ## Write a picture of every page in every state, light and dark, into ./shots, with an index.
	@scripts/install-test-deps.sh
	@mkdir -p shots
	cd web/e2e && SR_E2E_PICTURES=$(CURDIR)/shots SR_E2E_BINARY=$(CURDIR)/$(SERVER) SR_E2E_DATABASE=sqlite go test -count=1 -timeout 40m .

fuzz: ## Fuzz every parser, each for FUZZTIME (20s).
	@scripts/fuzz.sh

build: pages ## Build the commands into ./bin.
	@[ -x $(SERVER) ] || echo "Building; the first time takes a minute or two."
	@mkdir -p bin && go build -o bin/ ./cmd/...

assets: ## Install the pinned npm packages: what pages load, and what the tests use.
	@scripts/assets.sh

pages: # what pages load, if npm can have it
	@npm_config_fetch_retries=1 scripts/assets.sh pages || echo "The pages are built without htmx: they work, and load as a whole."

dist: pages ## Build what is given out into ./dist: srverify for six systems, the rest for Linux, SBOMs, the verifier for browsers, SHA256SUMS.
	@scripts/assets.sh pages
	@scripts/dist.sh

dist-check: ## Build ./dist again from a clean checkout, with nothing built before, and compare the sums.
	@scripts/dist-check.sh

clean: ## Remove what was built. ./var, which holds the database and the master key, stays.
	rm -rf bin dist
