#!/bin/sh
# What the browser tests need: the dashboard, its own tests, and what drives the browser. Does
# nothing that was done before.
set -eu
cd "$(dirname "$0")"
../../scripts/dashboard.sh
npm run --silent --prefix ../../frontend-examples/dashboard test
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --no-audit --no-fund --loglevel=error
fi
