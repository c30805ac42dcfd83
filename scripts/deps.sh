#!/bin/sh
# Installs, from Debian's packages, what is missing to build or to test.
#
#   scripts/deps.sh build    a C compiler: SQLite, the allocator and the cryptography are C
#   scripts/deps.sh web      Node.js and npm: what builds the dashboard
#   scripts/deps.sh test     all that, and what the tests start: PostgreSQL, Redis, a browser, and
#                            client libraries for Node.js
#
# Does nothing, in a few milliseconds, when all is there.
set -eu

missing=

# need PACKAGE...: to be installed.
need() {
    missing="$missing $*"
}

has() {
    command -v "$1" >/dev/null 2>&1
}

check_build() {
    has cc || need gcc
    [ -e /usr/include/stdio.h ] || need libc6-dev
}

check_web() {
    has node || need nodejs
    has npm || need npm
}

check_test() {
    # Debian keeps PostgreSQL's programs out of the PATH, one folder a version.
    ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || need postgresql
    has redis-server || need redis-server
    has redis-cli || need redis-tools
    has curl || need curl
    has setpriv || need util-linux
    has chromium || has chromium-browser || has google-chrome || need chromium
}

# Runs a command as root.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif has sudo; then
        sudo "$@"
    else
        echo "Missing:$missing. Neither root nor sudo: ask somebody who may to run" >&2
        echo "    apt-get install$missing" >&2
        exit 1
    fi
}

# Debian starts a server as soon as its package is installed. Nobody asked for that here: the
# tests start their own, on ports of their own.
policy=/usr/sbin/policy-rc.d
keep_servers_stopped() {
    [ -e $policy ] && return
    trap 'as_root rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
    as_root chmod 755 $policy
}

case "${1-}" in
build) check_build ;;
web) check_web ;;
test) check_build; check_web; check_test ;;
*) echo "usage: scripts/deps.sh build|web|test" >&2 && exit 2 ;;
esac
[ -n "$missing" ] || exit 0

if ! has apt-get; then
    echo "Missing:$missing (Debian's names). Install them with your system's packages." >&2
    exit 1
fi
echo "Installing$missing"
keep_servers_stopped
as_root apt-get update -qq
# shellcheck disable=SC2086 # one word a package
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
