#!/bin/sh
# How long tapegrad-train fits (one thread; from rows in memory to coefficients, reading and reports apart) to 1e-6 of
# the optimum, relative. The optimum comes from a run to a tolerance of 1e-13. Arguments: tapegrad-train, train_data,
# the data folder, and optionally a folder in which the generated files are kept between runs.
train=$1
make=$2
data=$3
keep=$4
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
made=${keep:-$folder}
mkdir -p "$made/rough"
[ -f "$made/sparse.svm" ] || { "$make" "$made" && "$make" "$made/rough" rough; } || exit 1

# member NAME FILE: a number of the first report in FILE.
member() { grep -o "\"$1\":[^,}]*" "$2" | head -1 | cut -d: -f2; }

# row NAME FILE AIM: the least time of several runs, and how far above the optimum they end.
row() {
  "$train" fit "$2" --json --tolerance 1e-13 --lambda 1e-4 >"$folder/best" || exit 1
  least=1e9
  for run in 1 2 3 4 5 6 7; do
    "$train" fit "$2" --json --tolerance 1e-6 --lambda 1e-4 >"$folder/now" || exit 1
    least=$(echo "$least $(member seconds "$folder/now")" | awk '{print $1 < $2 ? $1 : $2}')
  done
  echo "$1 $least $(member objective "$folder/now") $(member objective "$folder/best") $3 $(member method "$folder/now" |
    tr -d '" ') $(member gradients "$folder/now")" |
    awk '{printf "%-34s %9.2f %9s %14.1e %12s %10d\n", $1, 1000 * $2, $5, ($3 - $4) / $4, $6, $7}'
}

printf '%-34s %9s %9s %14s %12s %10s\n' "to 1e-6, lambda 1e-4" ms aim "above optimum" method gradients
row breast_cancer "$data/breast_cancer.csv" 0.8
row digits "$data/digits.csv" 35
row binary_100000x50 "$made/binary.csv" 40
row multinomial_50000x100x10 "$made/multinomial.csv" 300
row sparse_20000x10000 "$made/sparse.svm" 70
row binary_correlated "$made/rough/binary.csv" -
row multinomial_correlated "$made/rough/multinomial.csv" -
