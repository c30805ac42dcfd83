# The two that matter: `make run` and `make test`. Both install what is missing from Debian's
# packages; Rust, git and make are all they expect.

.DEFAULT_GOAL := help
.PHONY: help run test check schema bench bench-live dashboard deps deps-test

ADDRESS ?= 127.0.0.1:8080

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The dev profile is built in half the time of the release profile, and answers in well under a
# millisecond all the same: who wants a page wants it soon.
run: deps ## start with demo data on http://127.0.0.1:8080 (ADDRESS=host:port for another)
	@scripts/dashboard.sh || echo "The dashboard was not built. The service starts all the same."
	cargo run -- serve --demo --listen $(ADDRESS)

test: deps-test check ## all that CI runs: formatting, lints, every test on real servers
	cargo test --workspace

check: deps ## formatting and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

schema: deps ## rewrite schema.graphql from the code
	cargo run --quiet -- schema > schema.graphql.new && mv schema.graphql.new schema.graphql

dashboard: ## build frontend-examples/dashboard, which the service serves at /
	@scripts/dashboard.sh

bench: deps ## balance changes a second (on SQLite; or DATABASE_URL=… REDIS_URL=…)
	cargo bench --bench postings

bench-live: deps-test ## changes to 10,000 sockets: how fast, and how much memory (starts its own servers)
	cargo bench --bench sockets

deps:
	@scripts/deps.sh build

deps-test:
	@scripts/deps.sh test
