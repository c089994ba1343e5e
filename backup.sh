#!/usr/bin/env bash
# Writes the names of a local cluster to a file. See ./backup.sh --help.
set -euo pipefail
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
. "$root/scripts/run.sh"
ensure_installed run
run_node "$root/src/app/local/backup.ts" "$@"
