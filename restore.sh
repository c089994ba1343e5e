#!/usr/bin/env bash
# Begins the names of a local cluster anew from a backup. See ./restore.sh --help.
set -euo pipefail
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
. "$root/scripts/run.sh"
ensure_installed run
run_node "$root/src/app/local/restore.ts" "$@"
