# Sourced by the project's entry scripts: makes sure that the dependencies are installed, then runs the
# pinned Node. Everything said here goes to stderr; stdout belongs to the program.

fail() {
  printf 'dftfs: %s\n' "$*" >&2
  exit 1
}

need() {
  command -v "$1" >/dev/null 2>&1 || fail "$1 is missing: install $2 and start again"
}

# What is installed is named by the lock file it was installed from, and by what of it.
installed() {
  local have
  have=$(cat "$root/node_modules/.installed" 2>/dev/null) || return 1
  [ "$have" = "$wanted all" ] || [ "$have" = "$wanted $1" ]
}

check_tools() {
  need node 'Node.js 20 or newer'
  need npm 'npm'
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] || fail "Node.js $major is too old: install Node.js 20 or newer"
  need python3 'python3 (a native add-on is built)'
  need make 'make (a native add-on is built)'
  need "${CC:-gcc}" 'a C compiler such as gcc (a native add-on is built)'
  need "${CXX:-g++}" 'a C++ compiler such as g++ (a native add-on is built)'
}

# Where Node brings its own headers nothing need be downloaded to build against it.
use_own_headers() {
  local configured prefix
  configured=$(npm config get nodedir 2>/dev/null || true)
  case "$configured" in '' | undefined | null) ;; *) return ;; esac
  prefix=$(node -p 'require("path").dirname(require("path").dirname(process.execPath))')
  [ ! -f "$prefix/include/node/node_api.h" ] || export npm_config_nodedir="$prefix"
}

# What is missing beside a finished installation is added to it, so that a running cluster keeps its files.
npm_install() {
  local log="$root/.cache/install.log" verb=(ci)
  ! installed run || verb=(install --no-save)
  [ "$1" = all ] || verb+=(--omit=dev)
  printf 'dftfs: installing dependencies\n' >&2
  rm -f "$root/node_modules/.installed"
  if ! (cd "$root" && npm "${verb[@]}" --no-audit --no-fund) >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    fail "installing dependencies failed: see $log"
  fi
  printf '%s %s\n' "$wanted" "$1" >"$root/node_modules/.installed"
}

# What the console is built from, in one number.
console_sources() {
  (cd "$root" && find console/build.ts console/src src/client src/cli package-lock.json -type f -print0 |
    LC_ALL=C sort -z | xargs -0 cat | cksum)
}

console_built() {
  [ "$(cat "$root/console/dist/.sources" 2>/dev/null)" = "$sources" ]
}

# Nodes serve it as files. A node without it is a node all the same, so that a failure is only told.
build_console() {
  local log="$root/.cache/console.log"
  if ! (run_node "$root/console/build.ts") >"$log" 2>&1 </dev/null; then
    printf 'dftfs: building the console failed, nodes start without it: see %s\n' "$log" >&2
    return
  fi
  printf '%s\n' "$sources" >"$root/console/dist/.sources"
}

# $1: run (what the product needs) or all (what its tests need too).
ensure_installed() {
  wanted=$(cksum <"$root/package-lock.json")
  sources=$(console_sources)
  ! { installed "$1" && console_built; } || return 0
  installed "$1" || check_tools
  need flock 'flock (util-linux)'
  mkdir -p "$root/.cache" 2>/dev/null || fail "$root can't be written to: install as its owner first"
  (
    flock -w 900 9 || fail 'another installation has not ended in 15 minutes'
    if ! installed "$1"; then
      use_own_headers
      npm_install "$1"
    fi
    console_built || build_console
  ) 9>"$root/.cache/install.lock"
}

# The pinned Node, whatever the system's; compiled code is kept, so that the next start is quicker.
run_node() {
  export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$root/.cache/compiled}"
  exec "$root/node_modules/node/bin/node" "$@"
}
