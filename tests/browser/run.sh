#!/bin/sh
exec node --test-reporter=spec "$(dirname "$0")/main.mjs"
