#!/bin/sh
# A file larger than the memory the program may have: in pieces it learns from it, and finds what it finds with all the
# memory it wants. Argument: the program.
train=$1
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
export TMPDIR="$folder"

( ulimit -v 60000; "$train" --version ) >/dev/null 2>&1 || exit 77 # sanitizers want address space, not memory

awk 'BEGIN {
  srand(3)
  for (j = 0; j < 40; j++) printf "c%d,", j
  print "y"
  for (i = 0; i < 200000; i++) {
    z = 0
    for (j = 0; j < 40; j++) { x = rand() - 0.5; z += x * (j % 7 - 3); printf "%.3f,", x }
    print (z + rand() - 0.5 > 0 ? "yes" : "no")
  }
}' >"$folder/data"

fit() { "$train" fit "$folder/data" -l 1e-4 --tolerance 1e-15 --json "$@"; }
number() { sed -n "s/.*\"$2\":\([-+.0-9e]*\).*/\1/p" "$1"; }

fit >"$folder/whole" || { echo "FAILED: all in memory"; exit 1; }
( ulimit -v 60000; fit >"$folder/too_much" 2>&1 ) && { echo "FAILED: 60 MB were enough for all, which proves nothing"; exit 1; }
grep -q "out of memory" "$folder/too_much" || { echo "FAILED: not what is said without memory:"; cat "$folder/too_much"; exit 1; }
( ulimit -v 60000; fit --chunk-rows 5000 >"$folder/pieces" ) || { echo "FAILED: in pieces"; exit 1; }
for what in objective auc log_loss; do
  awk -v a="$(number "$folder/whole" $what)" -v b="$(number "$folder/pieces" $what)" -v what=$what \
    'BEGIN {print what, a, b; exit !(a != "" && b != "" && (a - b) ^ 2 <= (1e-8 * a) ^ 2)}' || exit 1
done
ls -A "$folder" | grep -q tapegrad && { echo "FAILED: a temporary file was left"; exit 1; }
exit 0
