#!/bin/sh
# same_output.sh <expected> <program> <arguments>: the program succeeds and prints just that.
set -eu
expected=$1
shift
printed=$(mktemp)
trap 'rm -f "$printed"' EXIT
"$@" >"$printed"
diff -u "$expected" "$printed"
