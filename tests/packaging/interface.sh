#!/bin/sh
# interface.sh <shared library> <include folder> <list> [update]: what programs built against the library rely on, its
# exported symbols and the sizes of its types, is what the list says. A change is made on purpose: by the target
# `interface` of the build, which writes the list anew, so that the difference stands in the commit.
set -eu
library=$1 include=$2 list=$3 update=${4:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A program that prints the sizes. Types are found by the end of their definition, "} name;" at the left margin.
{
  echo '#include <stdio.h>'
  echo '#include <tapegrad/tapegrad.h>'
  echo 'int main(void) {'
  sed -n 's/^} \(tg_[a-z0-9_]*\);.*/  printf("size \1 %zu\\n", sizeof(\1));/p' "$include"/tapegrad/*.h
  echo '}'
} >"$work/sizes.c"
# shellcheck disable=SC2086 # a list of words
${CC:-cc} -std=c11 -I"$include" "$work/sizes.c" "$library" -Wl,-rpath,"$(dirname "$library")" -o "$work/sizes"

nm --dynamic --defined-only "$library" | awk 'NF >= 3 { print "symbol", $3 }' >"$work/lines"
"$work/sizes" >>"$work/lines"
{
  echo '# Exported symbols, and sizes of types in bytes on 64-bit Linux. Written by: ninja -C build interface'
  LC_ALL=C sort "$work/lines"
} >"$work/list"

if [ -n "$update" ]; then
  cp "$work/list" "$list"
elif ! diff -u "$list" "$work/list"; then
  echo
  echo 'The interface has changed. If that is meant, write the list anew and commit it with the change:'
  echo '  ninja -C build interface'
  exit 1
fi
