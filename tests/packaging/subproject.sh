#!/bin/sh
# subproject.sh <source root> <consumer>: a project that takes Tapegrad in as a Meson subproject builds and runs,
# with either kind of library, and is not burdened with our tests and examples.
set -eu
root=$1 consumer=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -r "$consumer" "$work/consumer"
mkdir "$work/consumer/subprojects"
ln -s "$root" "$work/consumer/subprojects/tapegrad"
cd "$work/consumer"

for kind in static shared; do
  meson setup "build-$kind" "-Ddefault_library=$kind" --wrap-mode=forcefallback
  ninja -C "build-$kind"
  if ninja -C "build-$kind" -t targets all | grep -E 'subprojects/tapegrad/(tests|examples)/'; then
    echo 'tests or examples are built in a subproject'
    exit 1
  fi
  "build-$kind/consumer"
done
