#!/usr/bin/env bash
# Shows a cluster of its own survive. See ./demo.sh --help.
set -euo pipefail
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
. "$root/scripts/run.sh"
ensure_installed run
run_node "$root/demo/run.ts" "$@"
