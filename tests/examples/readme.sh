#!/bin/sh
# readme.sh <README.md> <program> <expected>: the first block of C in the README is the program, the block after it
# what it prints.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
awk -v work="$work" '
  /^```/ { inside = !inside; if (inside) { kind = $0; blocks += started || kind == "```c"; started = blocks > 0 } next }
  inside && blocks == 1 { print > (work "/program") }
  inside && blocks == 2 { print > (work "/printed") }' "$1"
diff -u "$2" "$work/program"
diff -u "$3" "$work/printed"
