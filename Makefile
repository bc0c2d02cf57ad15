# duckpond: make run and make test do everything; the rest is for working on it.
.DEFAULT_GOAL := help
# What make run and make dist need: the tests are a third of what there is to compile.
PRODUCT := duckpond duckpond_duckdb_extension
.PHONY: help run build test sql sim fuzz bench fmt tidy dist clean

help:    ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' Makefile
run: build  ## Set up, build, load three million flights, serve SQL over HTTP (PORT=8081)
	@scripts/run$(if $(PORT), $(PORT))
test:    ## Set up, then everything that CI runs (or make test STEPS="tidy sql")
	@scripts/test $(STEPS)
build:   ## build/release/duckpond and build/release/duckpond.duckdb_extension
	@scripts/setup build
	@scripts/build release $(PRODUCT)
sql: build  ## The SQL suite, over all its stores
	@scripts/setup test
	@tests/sql/run $(ARGS)
sim:     ## The simulation: make sim SEED=42, or make sim SEEDS=100000
	@scripts/setup test
	@scripts/build asan sim_test
	@build/asan/tests/sim_test $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),20000))
fuzz:    ## Every fuzzer, each for FUZZ_SECONDS (60)
	@scripts/setup test
	@scripts/fuzz $(or $(FUZZ_SECONDS),60)
bench: build  ## Measurements: make bench ARGS="tpch --sf 1"
	@scripts/setup bench
	@bench/run $(ARGS)
fmt:     ## Format the code
	@scripts/setup test
	@git ls-files '*.cc' '*.h' | xargs clang-format-19 -i
tidy:    ## House rules, headers alone, clang-tidy
	@scripts/test tidy headers clang_tidy
dist: build  ## build/dist: program and extension as .tar.gz and .deb
	@scripts/dist
clean:   ## Remove build/
	@rm -rf build
