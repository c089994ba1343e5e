#!/usr/bin/env bash
# Starts a local cluster, or what of it isn't running. See ./start.sh --help.
set -euo pipefail
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
. "$root/scripts/run.sh"
ensure_installed run
run_node "$root/src/app/local/start.ts" "$@"
