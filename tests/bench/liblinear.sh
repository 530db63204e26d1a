#!/bin/sh
# The whole command, reading included, against LIBLINEAR's on the same libsvm file with the same penalty: logistic
# regression, C = 1 / (lambda N). LIBLINEAR solves the primal (-s 0) to its default tolerance and penalises the
# intercept (-B 1), which ours does not; times are the best of five. Arguments: tapegrad-train, the data folder, and
# optionally more libsvm files with two classes.
train=$1
data=$2
shift 2
command -v liblinear-train >/dev/null || { echo "liblinear-train is not there (Debian: liblinear-tools)"; exit 77; }
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

awk -F, 'NR > 1 {printf "%s", $NF == "benign" ? "+1" : "-1"; for (j = 1; j < NF; j++) if ($j != 0) printf " %d:%s", j, $j; print ""}' \
  "$data/breast_cancer.csv" >"$folder/breast_cancer.svm"
awk -F, 'NR > 1 {printf "%s", $NF % 2 ? "+1" : "-1"; for (j = 1; j < NF; j++) if ($j != 0) printf " %d:%s", j, $j; print ""}' \
  "$data/digits.csv" >"$folder/digits_odd.svm"
awk 'BEGIN {srand(7); for (i = 0; i < 20000; i++) {z = 0; s = ""; for (j = 1; j <= 50; j++) {x = rand() - 0.5; z += (j % 7 - 3) * x; s = s sprintf(" %d:%.5f", j, x)}
  print (rand() < 1 / (1 + exp(-z)) ? "+1" : "-1") s}}' >"$folder/twenty_thousand_by_50.svm"
awk 'BEGIN {srand(8); for (j = 0; j < 10000; j++) w[j] = 2 * rand() - 1; for (i = 0; i < 20000; i++) {z = 0; s = ""; for (k = 0; k < 50; k++) {j = 200 * k + int(200 * rand()); x = 2 * rand() - 1; z += w[j] * x; s = s sprintf(" %d:%.5f", j + 1, x)}
  print (rand() < 1 / (1 + exp(-z)) ? "+1" : "-1") s}}' >"$folder/sparse_20000_by_10000.svm"

# Best wall time of five runs, in milliseconds.
best() {
  least=999999999
  for run in 1 2 3 4 5; do
    begin=$(date +%s%N)
    "$@" >/dev/null 2>&1
    took=$((($(date +%s%N) - begin) / 1000))
    [ $took -lt $least ] && least=$took
  done
  echo $least | awk '{printf "%.1f", $1 / 1000}'
}

printf '%-28s %14s %14s\n' "ms, best of 5" tapegrad-train liblinear
for file in "$folder"/*.svm "$@"; do
  rows=$(wc -l <"$file")
  lambda=0.0001
  c=$(awk "BEGIN {print 1 / ($lambda * $rows)}")
  ours=$(best "$train" fit "$file" -q --lambda $lambda --tolerance 1e-6 --model "$folder/ours")
  theirs=$(best liblinear-train -q -s 0 -B 1 -c "$c" "$file" "$folder/theirs")
  printf '%-28s %14s %14s\n' "$(basename "$file")" "$ours" "$theirs"
done
