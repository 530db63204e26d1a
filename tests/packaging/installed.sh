#!/bin/sh
# installed.sh <build folder> <consumer> <version>: the installed library is found through pkg-config and links
# shared and static, by hand and from Meson; what was built, and the installed program, start in an empty
# environment.
set -eu
build=$1 consumer=$2 version=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

meson install -C "$build" --destdir "$work/root" >"$work/log" || { cat "$work/log"; exit 1; }
pc=$(find "$work/root" -name tapegrad.pc)
[ -n "$pc" ] || { echo 'tapegrad.pc is not installed'; exit 1; }
export PKG_CONFIG_PATH="${pc%/*}"
unset LD_LIBRARY_PATH LD_RUN_PATH # what helps the loader here a user does not have
lib=$(pkg-config --variable=libdir tapegrad)

found=$(pkg-config --modversion tapegrad)
[ "$found" = "$version" ] || { echo "pkg-config finds version $found, not $version"; exit 1; }

# ${CC} and the flags are lists of words.
# shellcheck disable=SC2046,SC2086
if [ -e "$lib/libtapegrad.so" ]; then
  ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror "$consumer/consumer.c" -o "$work/shared" \
    $(pkg-config --cflags --libs tapegrad)
  env -i "$work/shared"
fi
# shellcheck disable=SC2046,SC2086
if [ -e "$lib/libtapegrad.a" ]; then
  ${CC:-cc} -std=c11 "$consumer/consumer.c" -o "$work/static" \
    $(pkg-config --cflags tapegrad) "$lib/libtapegrad.a" $(pkg-config --static --libs-only-other tapegrad) -lm
  env -i "$work/static"
fi

program=$(find "$work/root" -name tapegrad-train -type f)
if [ -n "$program" ]; then
  said=$(env -i "$program" --version)
  [ "$said" = "tapegrad-train $version" ] || { echo "the installed program says: $said"; exit 1; }
fi

cp -r "$consumer" "$work/consumer"
meson setup "$work/consumer/build" "$work/consumer"
ninja -C "$work/consumer/build"
env -i "$work/consumer/build/consumer"
