#!/bin/sh
# Runs all tests of all modules. Arguments are handed on to go test:
#
#	./test.sh
#	./test.sh -v -run TestTTL
#
# With CI=true a skipped test is a failure.
set -eu

cd "$(dirname "$0")"

command -v go >/dev/null || {
	echo 'test.sh: there is no go command; install Go 1.26 or later from https://go.dev/dl' >&2
	exit 1
}

# Whatever the environment says: all modules.
export GOWORK="$PWD/go.work"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What the tests need beyond Go and its modules is installed here, where that can
# be done without asking: in CI, as root, on Debian and its like. The tests start
# servers of their own, on free ports; one that the package starts is left alone.
redis='redis-server redis-sentinel'
if ! { command -v redis-server && command -v redis-sentinel; } >/dev/null; then
	if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -qq
		apt-get install -qq -y --no-install-recommends $redis
	else
		echo "test.sh: tests of Redis are skipped: they need $redis (Debian: apt-get install $redis)"
	fi
fi
# A real S3 server, of a version that is known to pass.
versitygw=github.com/versity/versitygw/cmd/versitygw@v1.8.0
if ! command -v versitygw >/dev/null; then
	if [ "${CI:-}" = true ]; then
		echo 'test.sh: building versitygw'
		GOWORK=off CGO_ENABLED=0 GOBIN="$scratch" go install "$versitygw"
		PATH="$scratch:$PATH"
	else
		echo "test.sh: tests over a real S3 server are skipped: they need versitygw (go install $versitygw)"
	fi
fi

# The race detector needs a C compiler that works: try it.
race=-race
printf 'package main\n\nfunc main() {}\n' >"$scratch/main.go"
if CGO_ENABLED=1 go run -race "$scratch/main.go" 2>"$scratch/why"; then
	export CGO_ENABLED=1
else
	race=
	echo "test.sh: without the race detector: $(tail -n 1 "$scratch/why")"
fi

# run tests the modules that go.work lists.
run() {
	go test $race -shuffle=on -count=1 -timeout=30m "$@" work
}

if [ "${CI:-}" != true ]; then
	run "$@"
	exit
fi

# Skips show only with -v, which says a lot else: of a package that passes one
# line is kept, of one that fails all but the tests that passed.
{ run -v "$@" || echo $? >"$scratch/failed"; } | awk '
	/^(ok|\?) +\t/ { print; fflush(); held = ""; next }
	/^ *(=== (RUN|PAUSE|CONT|NAME) |--- PASS: )/ { next }
	/--- SKIP: / { print; skipped = 1; next }
	{ held = held $0 "\n" }
	/^FAIL\t/ { printf "%s", held; fflush(); held = "" }
	END { printf "%s", held; exit skipped }
' || {
	echo 'test.sh: the tests with SKIP above were skipped; in CI every test must run' >&2
	exit 1
}
[ ! -e "$scratch/failed" ] || exit "$(cat "$scratch/failed")"
