#!/bin/sh
# installed.sh <build folder> <consumer> <version>: the installed library is found through pkg-config and links
# shared and static, by hand and from Meson.
set -eu
build=$1 consumer=$2 version=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

meson install -C "$build" --destdir "$work/root" >"$work/log" || { cat "$work/log"; exit 1; }
pc=$(find "$work/root" -name tapegrad.pc)
[ -n "$pc" ] || { echo 'tapegrad.pc is not installed'; exit 1; }
export PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$work/root"
lib=$(pkg-config --variable=libdir tapegrad)
case $lib in "$work"/*) ;; *) lib=$work/root$lib ;; esac
export LD_LIBRARY_PATH="$lib"

found=$(pkg-config --modversion tapegrad)
[ "$found" = "$version" ] || { echo "pkg-config finds version $found, not $version"; exit 1; }

# ${CC} and the flags are lists of words.
# shellcheck disable=SC2046,SC2086
if [ -e "$lib/libtapegrad.so" ]; then
  ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror "$consumer/consumer.c" -o "$work/shared" \
    $(pkg-config --cflags --libs tapegrad)
  "$work/shared"
fi
# shellcheck disable=SC2046,SC2086
if [ -e "$lib/libtapegrad.a" ]; then
  ${CC:-cc} -std=c11 "$consumer/consumer.c" -o "$work/static" \
    $(pkg-config --cflags tapegrad) "$lib/libtapegrad.a" $(pkg-config --static --libs-only-other tapegrad) -lm
  "$work/static"
fi

cp -r "$consumer" "$work/consumer"
meson setup "$work/consumer/build" "$work/consumer"
ninja -C "$work/consumer/build"
"$work/consumer/build/consumer"
