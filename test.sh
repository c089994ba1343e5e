#!/usr/bin/env bash
# Runs all tests, or those in the files given.
set -euo pipefail
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
. "$root/scripts/run.sh"
ensure_installed all
[ $# -gt 0 ] || { cd "$root" && set -- '{src,console,test,demo,experiment,docs}/**/*.test.ts'; }
run_node --test --test-concurrency=2 "$@"
