#!/usr/bin/env bash
# Stops a local cluster. See ./stop.sh --help.
set -euo pipefail
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
. "$root/scripts/run.sh"
ensure_installed run
run_node "$root/src/app/local/stop.ts" "$@"
