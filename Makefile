# One command for each thing one wants to do here; `make` alone lists them.
# What is built goes to target/ and, for everything that is not Rust, to .cache/, which outlives
# `cargo clean`.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

DENY_VERSION := 0.20.2
DENY := .cache/tools/cargo-deny-$(DENY_VERSION)/bin/cargo-deny
PLAYGROUND := cargo run --quiet --package control-plane --bin playground --

.PHONY: help demo playground test chaos soak planted fuzz bench lint licences audit build crds chart

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

ifdef DEMO_CONTEXT
demo: operator ## Play one story from manifest to runner and back, then clean up (DEMO_CONTEXT=<context>: on that cluster)
	@tests/demo/on-cluster.sh
else
demo: control-plane operator
	@$(PLAYGROUND) up --sim-seed tests/demo/seed.yaml -- tests/demo/story.sh
endif

playground: control-plane operator ## The same surroundings, kept until Ctrl-C, to try things in
	@$(PLAYGROUND) up --sim-seed tests/demo/seed.yaml -- tests/demo/stay.sh || [ $$? -eq 130 ]

test: control-plane operator chart ## Every test, from a fresh clone
	cargo test --workspace

chaos: control-plane operator ## Minutes of kills, faults and edits, and what must hold after them (CHAOS_ARGS="--help")
	CHAOS_ARGS='$(CHAOS_ARGS)' cargo it -- --ignored --exact chaos::make_chaos --nocapture

soak: ## The operator in a world without sockets and clocks, with faults at every turn (SEEDS=10000, FROM=0; SEED=7: one story)
	SEED='$(SEED)' SEEDS='$(SEEDS)' FROM='$(FROM)' cargo it --release -- --ignored --exact soak::make_soak --nocapture

planted: ## Which seed of make soak finds each bug of tests/planted (SEEDS=400)
	SEEDS='$(SEEDS)' tests/planted/search.sh

fuzz: ## Bytes for all that reads what others have written (TARGET=answers, MINUTES=1, SEED=1; INPUT=file gives it that)
	TARGET='$(TARGET)' MINUTES='$(MINUTES)' SEED='$(SEED)' INPUT='$(INPUT)' cargo it -- --ignored --exact fuzz::make_fuzz --nocapture

bench: control-plane ## How fast it is and what it costs, beside a floor; writes docs/performance.md (BENCH_ARGS="--help")
	BENCH_ARGS='$(BENCH_ARGS)' cargo it --release -- --ignored --exact bench::make_bench --nocapture

lint: ## Formatting, clippy, rustdoc, licences and duplicates
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps
	@$(MAKE) --no-print-directory licences

licences: $(DENY)
	$(DENY) --all-features check bans licenses sources

audit: $(DENY) ## Known vulnerabilities in the dependencies (fetches the advisory database)
	$(DENY) --all-features check advisories

build: ## The operator, optimised
	cargo build --release --bin registrar

crds: ## Write everything that is generated from the Rust types
	UPDATE=1 cargo it generated

chart: control-plane ## Lint and render the chart in every mode, and compare deploy/ with it (UPDATE=1: write deploy/)
	@PATH="$$($(PLAYGROUND) bin):$$PATH" charts/check.sh

# The API server and its friends first: Go and Rust compete for the same processors.
.PHONY: control-plane operator
control-plane:
	@echo '==> the playground that starts the control plane'
	cargo build --package control-plane --bin playground
	@$(PLAYGROUND) build

operator:
	@echo '==> the operator and the stand-in for GitLab'
	cargo build --package gitlab-runner-registrar --package gitlab-sim --bins

$(DENY):
	cargo install cargo-deny --locked --version $(DENY_VERSION) --root .cache/tools/cargo-deny-$(DENY_VERSION)
