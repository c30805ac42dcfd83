#!/bin/sh
# Builds the dashboard, if its sources changed since it was built. Does nothing, in a few
# milliseconds, when they did not.
set -eu
cd "$(dirname "$0")/../frontend-examples/dashboard"

built=dist/index.html
if [ -e $built ] && [ -z "$(find ../../schema.graphql index.html package-lock.json public scripts src \
    *.ts -path src/gql -prune -o -type f -newer $built -print | head -n 1)" ]; then
    exit 0
fi
../../scripts/deps.sh web
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    echo "Installing what the dashboard is built with"
    # Without the registry it is better to know soon.
    npm ci --no-audit --no-fund --loglevel=error --fetch-retries=1 --fetch-timeout=30000
fi
echo "Building the dashboard"
npm run --silent build -- --logLevel warn
