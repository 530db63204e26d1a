#!/bin/sh
# symbols.sh <shared or static library> <static library>: C has one namespace, so whatever the library defines for
# the linker starts with tg_; and a shared library shows no more than its headers declare.
set -eu

strangers=$(nm --defined-only --extern-only "$2" | awk 'NF == 3 && $3 !~ /^tg_/ { print $3 }')
if [ -n "$strangers" ]; then
  printf 'defined without the prefix tg_:\n%s\n' "$strangers"
  exit 1
fi

case $1 in *.a) exit 0 ;; esac
shown=$(nm --dynamic --defined-only "$1" | awk 'NF >= 3 { print $3 }')
[ -n "$shown" ] || { echo 'no symbol is exported'; exit 1; }
strangers=$(printf '%s\n' "$shown" | grep -v '^tg_' || true)
if [ -n "$strangers" ]; then
  printf 'exported without the prefix tg_:\n%s\n' "$strangers"
  exit 1
fi
