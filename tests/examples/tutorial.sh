#!/bin/sh
# Runs the commands of a page: every line of its ```sh blocks that starts with tapegrad-train. Arguments: the program,
# the page, the source folder.
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
mkdir "$folder/bin" && ln -s "$program" "$folder/bin/tapegrad-train" && ln -s "$3/examples" "$folder/examples" || exit 99
PATH=$folder/bin:$PATH
cd "$folder" || exit 99
sed -n '/^```sh/,/^```$/p' "$2" | grep '^tapegrad-train' >commands
[ -s commands ] || exit 1
while read -r command; do
  echo "\$ $command"
  eval "$command" >said 2>&1 || { echo "FAILED: $command"; cat said; exit 1; }
done <commands
for made in iris.model predictions.csv path.csv; do [ -s $made ] || { echo "FAILED: no $made"; exit 1; }; done
if command -v gnuplot >/dev/null; then
  for made in path.png curve.svg; do [ -s $made ] || { echo "FAILED: no $made"; exit 1; }; done
fi
