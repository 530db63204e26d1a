#!/bin/sh
# How data become rows: missing values, labels, levels, rows that are dropped, headers. Argument: the program.
train=$(realpath "$1") || exit 99
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 99
failed=0

# expect STATUS WORDS COMMAND...: the exit status, and words that must appear in what is printed (output and errors).
expect() {
  status=$1
  words=$2
  shift 2
  "$@" >said 2>&1
  got=$?
  if [ "$got" != "$status" ] || ! grep -qF -e "$words" said; then
    echo "FAILED ($got, wanted $status with '$words'): $*"
    head -5 said
    failed=1
  fi
}

# A target that is missing is no class: refused, or its rows dropped and counted, in every verb
for word in NA nan NULL N/A '?' . '' ' NA' NaN null; do
  printf 'x,y\n1,a\n2,%s\n3,b\n5,b\n6,a\n7,a\n4,b\n' "$word" >target.csv
  for pieces in '' '--chunk-rows 2'; do
    expect 1 "target.csv:3:3: column 'y': the value is missing ('$word'); such rows can be dropped (--missing drop)" "$train" fit target.csv $pieces
    expect 0 "target.csv: 6 rows, without 1 with a missing value; 1 columns, 2 classes (a 3, b 3)" "$train" fit target.csv --missing drop -m model $pieces
    expect 1 "the value is missing ('$word')" "$train" cv target.csv --folds 2 $pieces
    expect 0 "target.csv: 6 rows, without 1 with a missing value" "$train" cv target.csv --missing drop --folds 2 $pieces
  done
  expect 0 "target.csv (6 rows): accuracy" "$train" evaluate target.csv -m model
  grep -q '1 row with a missing value is left out' said || { echo "FAILED: evaluate drops in silence"; failed=1; }
  expect 0 '"dropped_missing":1' "$train" evaluate target.csv -m model --json
done
printf 'x,y\n1,1.5\n2,NA\n3,2.5\n5,0.25\n6,7.5\n7,3.5\n' >number.csv
expect 1 "number.csv:3:3: column 'y': the value is missing ('NA')" "$train" fit number.csv
expect 0 "5 rows, without 1 with a missing value; 1 columns and a numeric target" "$train" fit number.csv --missing drop
expect 0 '"dropped_missing":1,"dropped_weightless":0' "$train" fit number.csv --missing drop --json
printf 'x,y\n1,\n2,NA\n' >all.csv
expect 1 "all.csv: every row has a missing value" "$train" evaluate all.csv -m model
expect 1 "every row has a missing value" "$train" fit all.csv --missing drop
printf 'x,w,o,y\n1,1,0,a\n2,NA,0,b\n3,1,?,b\n4,1,0,b\n5,1,0,a\n6,2,0,b\n' >beside.csv
expect 1 "column 'w': the value is missing ('NA'); such rows can be dropped (--missing drop)" "$train" fit beside.csv --weights w --offset o
expect 0 "4 rows, without 2 with a missing value; 1 columns, 2 classes (a 2, b 2)" "$train" fit beside.csv --weights w --offset o --missing drop

# The words NA and ? may be names; a model that knows them as such keeps to it
printf 'g,y\nNA,NA\nDE,a\nNA,a\nDE,NA\n?,NA\nDE,a\nNA,NA\nDE,a\n?,a\n' >words.csv
expect 1 "words.csv:2:1: column 'g': the value is missing ('NA')" "$train" fit words.csv -c g --na-text y
expect 0 "9 rows, 1 columns, 2 classes (NA 4, a 5)" "$train" fit words.csv -c g --na-text y,g -m words --summary
grep -q '^g=NA' said || { echo "FAILED: NA is no level"; failed=1; }
expect 0 "words.csv (9 rows): accuracy" "$train" evaluate words.csv -m words
expect 0 "prediction,P(NA),P(a)" "$train" predict words.csv -m words
expect 2 "--na-text names 'x', which is a column of numbers" "$train" fit number.csv --na-text x
expect 2 "--na-text names 'y', which is a column of numbers" "$train" fit number.csv --na-text y -k linear

# The target is a number by the rules of its file
printf 'x;y\n1;0,5\n2;1,0\n3;0,25\n4;+1,1\n5;1,7\n6;0,3\n7;1,9\n8;0,1\n' >comma.csv
expect 0 "1 columns and a numeric target" "$train" fit comma.csv --decimal comma
expect 1 "is the target a number? decimal commas: --decimal comma" "$train" fit comma.csv
expect 1 "'0,5' is not a number (decimal commas: --decimal comma)" "$train" fit comma.csv -k linear

# Labels that are numbers are the same when their values are
printf 'x,y\n1,0\n2,1.0\n3,0.0\n4,+1\n5,1\n6,0\n7,1\n8,0\n' >value.csv
expect 0 "2 classes (0 4, 1 4)" "$train" fit value.csv -m value
expect 0 "2 classes (1 4, 0 4)" "$train" fit value.csv --positive 0.00 --class-weights 1.0=2,0=3
expect 0 "(8 rows): accuracy" "$train" evaluate value.csv -m value
expect 1 "'01x' did not occur when the model was made" "$train" evaluate - -m value <<'END'
x,y
1,01x
END
printf '1 1:3\n0 1:2\n1.0 1:4\n-0 1:5\n1e0 1:7\n0 1:1\n' >value.svm
expect 0 "2 classes (0 3, 1 3)" "$train" fit value.svm --positive 1.00

# Levels and classes are those of the rows that are learned from. Least squares of the last six rows, by hand from the
# normal equations: 6 b + 3 c + 15 x = 15.0, ...: 0.291071, -0.473214, 3.3375
printf 'g,x,y\na,NA,1.5\nb,1,2.5\nb,2,3.5\nc,3,1.25\nc,4,2.75\nc,1,3.1\nb,4,0.7\n' >levels.csv
for pieces in '' '--chunk-rows 2'; do
  expect 0 "6 rows, without 1 with a missing value" "$train" fit levels.csv -c g --missing drop --summary -m levels $pieces
  grep -q '^g=c  *0.291071  *0.9354 ' said && grep -q '^x  *-0.473214  *0.37169 ' said && grep -q '^(intercept)  *3.3375 ' said ||
    { echo "FAILED: least squares without the first row"; cat said; failed=1; }
done
expect 1 "column 'g': 'a' did not occur when the model was made" "$train" predict - -m levels <<'END'
g,x
a,1
END
sed 's/NA/9/; s/$/,1/; 1s/1$/w/; 2s/1$/0/' levels.csv >weight.csv
for pieces in '' '--chunk-rows 2'; do
  expect 0 "6 rows, without 1 of weight 0; 2 columns" "$train" fit weight.csv -c g -t y --weights w --summary -m weight $pieces
  grep -q '^g=c  *0.291071  *0.9354 ' said || { echo "FAILED: least squares without a row of weight 0"; cat said; failed=1; }
done
expect 1 "'a' did not occur when the model was made" "$train" predict levels.csv -m weight
printf 'x,y\n1,a\n2,b\nNA,c\n4,b\n5,a\n' >class.csv
expect 0 "4 rows, without 1 with a missing value; 1 columns, 2 classes (a 2, b 2)" "$train" fit class.csv --missing drop -k logistic
printf '1 1:3\n0 1:2\n2 1:9\n1 1:4\n0 1:5\n' >class.svm
printf '1\n1\n0\n1\n1\n' >class.weights
expect 0 "4 rows, without 1 of weight 0; 1 columns, 2 classes (0 2, 1 2)" "$train" fit class.svm --weights class.weights
"$train" fit value.svm -q -m svm
expect 0 "(4 rows): accuracy" "$train" evaluate class.svm --weights class.weights -m svm
grep -q '1 row of weight 0 is left out' said || { echo "FAILED: a row without weight is judged in silence"; failed=1; }
printf 'x,y,w\n1,0,1\n?,q,0\n2,1,1\n' >judged.csv
expect 0 '"dropped_missing":0,"dropped_weightless":1' "$train" evaluate judged.csv --weights w -m value --json
printf '0\n0\n0\n0\n0\n' >class.weights
expect 1 "the weights of all 5 rows are 0" "$train" fit class.svm --weights class.weights

# Rows held back may have levels that no row learned from has: refused as predict would, or as predict was told to
printf 'g,y\na,1\na,2\nb,3\nb,4\nc,5\na,2.5\nb,2\na,1\nb,2\na,3\n' >rare.csv
expect 1 "column 'g': 'c' occurs only in rows that are held back" "$train" cv rare.csv -c g -k linear --folds 10
expect 1 "column 'g': 'c' occurs only in rows that are held back" "$train" cv rare.csv -c g -k linear --folds 10 --path 3
expect 0 "fold 10" "$train" cv rare.csv -c g -k linear --folds 10 --unseen reference

# What was decided about the first line is said, by every verb that cannot be sure
printf '0,1,target\n1,2,3\n2,3,4.5\n3,1,1.5\n4,2,1\n5,1,0.5\n' >names.csv
expect 0 "5 rows, 2 columns and a numeric target; the first line is a header" "$train" fit names.csv -m names
expect 0 "prediction" "$train" predict names.csv -m names
printf 'u,a\nv,b\nu,a\nu,b\nv,b\n' >texts.csv
expect 0 "5 rows, 1 columns, 2 classes (a 2, b 3); the first line is a row, there is no header" "$train" fit texts.csv -c 1
expect 0 "5 rows, 1 columns" "$train" cv texts.csv -c 1 --folds 2
printf 'g,y\nu,a\nv,b\nu,a\nu,b\n' >guess.csv
expect 0 "the first line is taken for a header (if it is a row: --header no)" "$train" fit guess.csv -c g -m guess
expect 0 '"header":true,"header_sure":false' "$train" fit guess.csv -c g --json
expect 0 "guess.csv: the first line is taken for a header (if it is a row: --header no)" "$train" evaluate guess.csv -m guess
expect 0 "the first line is a header" "$train" fit guess.csv -c g --header yes
printf 'x,z\nw,b\n' >other.csv
expect 1 "which the model needs (its first line was taken for a header; if it is a row: --header no)" "$train" predict other.csv -m guess

# within KB expect ...: with a limit on memory, where the program starts at all with one (sanitizers want more)
within() {
  limit=$1
  shift
  ( ulimit -v "$limit" && "$train" --version ) >/dev/null 2>&1 || limit=unlimited
  ( ulimit -v "$limit"; "$@"; exit $failed ) || failed=1
}

# A column number says nothing about how many columns there are: only those that occur take memory, here at most 200 MB
printf '1 1:1 268435456:2\n0 1:2 5:1\n1 3:1 7:2\n0 2:1 10000000:1\n' >wide.svm
within 200000 expect 0 "4 rows, 7 columns, 2 classes (0 2, 1 2)" "$train" fit wide.svm -m wide.model
expect 0 "wide.svm (4 rows): accuracy 1.0000" "$train" evaluate wide.svm -m wide.model
expect 0 '"name":"268435456","estimate"' "$train" fit wide.svm --json
printf '1 2:1 4:1 10000000:3\n' >known.svm
expect 0 "known.svm:1:7: column number 4 is none of the 7 columns of the model; it was passed over" "$train" predict known.svm -m wide.model
sed 's/268435456/268435455/' wide.svm >moved.svm
expect 1 "other columns or classes than this fit" "$train" fit moved.svm --start wide.model
expect 1 "other columns or classes than this fit" "$train" fit wide.svm --positive 0 --start wide.model
expect 0 "converged" "$train" fit wide.svm --start wide.model

# A category of 2000 levels in 0.7 MB of text: dense rows were 1 GB
awk 'BEGIN {srand(1); print "g,x,y"; for (i = 0; i < 60000; i++) {g = int(2000 * rand()); printf "c%d,%.2f,%d\n", g, rand(), rand() < 0.3 + g / 5000}}' >levels.csv
within 100000 expect 0 "2001 parameters, learned from 60000 rows" "$train" fit levels.csv -c g -m levels.model
within 100000 expect 0 "2001 parameters, learned from 60000 rows" "$train" fit levels.csv -c g --chunk-rows 1000
within 100000 expect 0 "(60000 rows): accuracy 0.6" "$train" evaluate levels.csv -m levels.model
within 100000 expect 0 "prediction,P(0),P(1)" "$train" predict levels.csv -m levels.model
within 100000 expect 3 "limit on iterations" "$train" fit levels.csv -c g -k net --hidden 2 --max-iterations 2
expect 2 "no standard errors for a net" "$train" fit levels.csv -c g -k net --summary

# Compressed rows or dense ones, which is what small pieces of a file are, make the same model with the same errors
awk 'BEGIN {srand(3); print "g,x,h,w,o,y,z,k"; split("u v w", t); for (i = 0; i < 4000; i++) {
  g = int(300 * rand()); h = int(3 * rand()); x = 2 * rand(); e = sin(g) + x + h / 4
  printf "g%d,%.3f,h%d,%d,%.2f,%.4f,%d,%s\n", g, 1000 + x, h, 1 + 3 * rand(), rand(), e + rand(), rand() < e / 3, t[1 + int(2.99 * rand())]}}' >large.csv
same_form() { # same_form OPTIONS...
  "$train" fit large.csv -c g,h --json -m form1 "$@" >form1.json && "$train" fit large.csv -c g,h --json -m form2 --chunk-rows 50 "$@" >form2.json ||
    { echo "FAILED: $*"; failed=1; }
  for form in form1 form2; do tr '{},' '\n' <$form.json | grep -e estimate -e std_error | tr -dc '0-9.e+\n-' | sed 's/^e*//; s/^[^0-9-]*//' >$form.numbers; done
  paste form1.numbers form2.numbers | awk '{d = $1 - $2; m = ($2 < 0 ? -$2 : $2) + 1; if (d > 1e-6 * m || -d > 1e-6 * m) bad++} END {exit bad > 0 || NR < 300}' ||
    { echo "FAILED: another model from compressed rows: $*"; failed=1; }
}
same_form -t y --ignore z,k,w,o --summary
same_form -t y --ignore z,k --weights w --offset o --summary
same_form -t y --ignore z,k,w,o -l 0.01 --penalty-on standardized
same_form -t z --ignore y,k,w,o --summary
same_form -t z --ignore y,k --weights w --offset o --class-weights balanced
same_form -t k --ignore y,z,w,o
expect 3 "the classes are separable" "$train" fit large.csv -c g,h -t z --ignore y,k,w,o -l 0
expect 3 "the classes are separable" "$train" fit large.csv -c g,h -t z --ignore y,k,w,o -l 0 --chunk-rows 50

exit $failed
