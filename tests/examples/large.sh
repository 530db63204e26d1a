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
# Many short rows: of each stay at most 34 bytes in memory, and 16 when a model is evaluated
awk 'BEGIN {srand(1); print "a,b,y"; for (i = 0; i < 2000000; i++) {x = int(1000 * rand()); y = int(1000 * rand()); print x "," y "," (x + y + 1000 * rand() > 1500 ? "p" : "n")}}' >"$folder/long"
resident() { # resident COMMAND...: the most memory it has at a time, in KB
  "$@" >/dev/null &
  pid=$!
  most=0
  while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$pid/status 2>/dev/null) && [ -n "$now" ]; do
    most=$now
    sleep 0.02
  done
  wait $pid || echo "FAILED: $*" >&2
  echo $most
}
if [ -r /proc/self/status ]; then
  for limit in 34 16; do
    [ $limit = 34 ] && set -- fit "$folder/long" --chunk-rows 10000 -m "$folder/model" || set -- evaluate "$folder/long" -m "$folder/model"
    kb=$(resident "$train" "$@")
    [ "$kb" -gt 0 ] && [ "$kb" -lt $((limit * 2000 + 12000)) ] || { echo "FAILED: $kb KB for 2000000 rows: $*"; exit 1; }
  done
fi
ls -A "$folder" | grep -q tapegrad && { echo "FAILED: a temporary file was left"; exit 1; }
exit 0
