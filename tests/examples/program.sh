#!/bin/sh
# The program as people meet it: good runs, and every kind of bad input. Arguments: the program, the data folder, its
# manual page.
train=$1
data=$2
page=$3
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
failed=0

# expect STATUS WORDS COMMAND...: the exit status, and words that must appear in what is printed (output and errors).
expect() {
  status=$1
  words=$2
  shift 2
  "$@" >"$folder/said" 2>&1
  got=$?
  if [ "$got" != "$status" ] || ! grep -qF -e "$words" "$folder/said"; then
    echo "FAILED ($got, wanted $status with '$words'): $*"
    head -5 "$folder/said"
    failed=1
  fi
}

file() { # file NAME: standard input becomes a file of the folder
  cat >"$folder/$1"
  echo "$folder/$1"
}

m=$folder/model

# Good runs
expect 0 "converged" "$train" fit "$data/iris.csv" --holdout 0.25 -m "$m"
expect 0 "rows held back (38 rows): accuracy 1.0000" "$train" fit "$data/iris.csv" --holdout 0.25
expect 0 "(150 rows): accuracy 0.98" "$train" evaluate "$data/iris.csv" -m "$m"
expect 0 '"accuracy":0.98' "$train" evaluate --json "$data/iris.csv" -m "$m"
expect 0 "prediction,P(setosa),P(versicolor),P(virginica)" "$train" predict "$data/iris.csv" -m "$m"
expect 0 "accuracy" "$train" cv "$data/iris.csv" --folds 3
expect 0 "R^2 0.517748" "$train" fit "$data/diabetes.csv"
expect 0 "std. error" "$train" fit "$data/diabetes.csv" --summary
expect 0 '"converged":true' "$train" fit "$data/iris.csv" --json
expect 0 "--lambda" "$train" fit --help
expect 0 "Usage:" "$train" --help
expect 0 "converged" "$train" fit - <"$data/iris.csv"
expect 0 "prediction" "$train" predict - -m "$m" <"$data/iris.csv"
"$train" fit "$data/iris.csv" --quiet >"$folder/said" 2>&1 && [ ! -s "$folder/said" ] || { echo "FAILED: --quiet"; failed=1; }

# Steps that are too long end far above the start
expect 3 '"status":"worse"' "$train" fit "$data/diabetes.csv" --method momentum --rate 10 --epochs 5 --json
expect 3 "in at least one fold" "$train" cv "$data/diabetes.csv" --method momentum --rate 10 --epochs 5 --folds 2 -q
expect 0 '"status":"epochs"' "$train" fit "$data/diabetes.csv" --method adam --epochs 2 --json

# A number that has overflown is no class; squares of a target must not underflow
expect 1 "not a finite number" "$train" fit "$(printf 'x,y\n1,inf\n2,3\n4,5\n5,5\n3,3\n' | file inf.csv)"
expect 0 "3 classes (3 2, 5 2, inf 1)" "$train" fit "$folder/inf.csv" --kind multinomial
expect 1 "too small to be squared" "$train" fit "$(printf 'x,y\n1,1e-200\n2,3e-200\n4,5.5e-200\n5,5e-200\n' | file tiny.csv)"

# No option is passed over
expect 2 "are for CSV" "$train" fit "$(printf '1 1:2\n0 1:3\n1 2:1\n' | file few.svm)" --decimal comma
expect 2 "are for CSV" "$train" predict "$folder/few.svm" -m "$m" --header yes
expect 2 "for libsvm" "$train" fit "$data/iris.csv" --index-base 0
expect 2 "mini-batches end with their epochs" "$train" fit "$data/iris.csv" --method adam --tolerance 1e-3
expect 2 "a single fit" "$train" fit "$data/iris.csv" --path 3 --start "$m"
expect 2 "names the target" "$train" fit "$data/diabetes.csv" -c target
expect 2 "is empty" "$train" fit "$data/iris.csv" --class-weights ""
expect 2 "--rate needs" "$train" fit "$data/iris.csv" --method gd --rate 0
expect 1 "there is no column 'nothing'" "$train" evaluate "$data/iris.csv" -m "$m" --weights nothing
expect 0 "rows): accuracy" "$train" evaluate "$data/iris.csv" -m "$m" --weights 1

# The manual page knows every verb of the help, in its order, and every option of every verb with its letter and argument, and
# no other
"$train" --help | sed -n '/^Usage/,/^DATA/s/^  \([a-z]*\)  *.*/\1/p' >"$folder/verbs"
sed -n 's/^\.B tapegrad\\-train \([a-z]*\).*/\1/p' "$page" >"$folder/synopsis"
sed -n '/^\.SH DESCRIPTION/,/^\.PP/s/^\.B \([a-z]*\)$/\1/p' "$page" >"$folder/described"
[ -s "$folder/verbs" ] || { echo "FAILED: no verbs"; failed=1; }
cmp "$folder/verbs" "$folder/synopsis" && cmp "$folder/verbs" "$folder/described" || failed=1
while read -r verb; do "$train" "$verb" --help; done <"$folder/verbs" |
  awk '/^  (-.|  ) --/ { letter = $1 ~ /^--/ ? "" : $1 " "; name = letter == "" ? $1 : $2; argument = letter == "" ? $2 : $3
    print letter name (index($0, name " " argument) && length(argument) ? " " tolower(argument) : "") }' | sort -u >"$folder/options"
sed -n '/^\.SH OPTIONS/,/^\.SH EXIT/p' "$page" |
  sed -n 's/\\-/-/g; s/\\f[IR]//g; s/", "/ /; s/"//g; s/  */ /g; s/^\.BR \(-.*\)/\1/p' | grep -v ',$' | tr 'A-Z' 'a-z' | sort -u >"$folder/documented"
[ -s "$folder/options" ] || { echo "FAILED: no options"; failed=1; }
cmp "$folder/options" "$folder/documented" || { diff "$folder/options" "$folder/documented"; failed=1; }

# On a terminal a bar shows the progress, and is wiped in the end; elsewhere there are lines now and then, here none yet. Where
# no terminal can be had the bar goes unseen
if script -qec true /dev/null </dev/null >/dev/null 2>&1; then
  script -qec "'$train' fit '$data/digits.csv' -k net --method adam --epochs 400" /dev/null >"$folder/said" </dev/null
  grep -q '\[#*\.*\] adam' "$folder/said" || { echo "FAILED: no bar on a terminal"; failed=1; }
fi
"$train" fit "$data/digits.csv" -k net --method adam --epochs 100 2>"$folder/said" >/dev/null
[ -s "$folder/said" ] && { echo "FAILED: progress beside a terminal"; failed=1; }

# The page defines what is minimised, and what its standard errors are
for words in "log(1 + exp(" "r^2 / 2 where |r|" "lambda = 1 / (C N)" "sum to zero over the classes" "sum of the weights of the rows"; do
  grep -q -e "$words" "$page" || { echo "FAILED: the manual page lacks '$words'"; failed=1; }
done

# Threads and pieces of a file change nothing
"$train" fit "$data/digits.csv" -q -m "$folder/one"
"$train" fit "$data/digits.csv" -q -j 3 -m "$folder/three"
cmp -s "$folder/one" "$folder/three" || { echo "FAILED: threads change the model"; failed=1; }

# The same seed gives the same bytes; predictions of a model equal those of its copy
"$train" fit "$data/wine.csv" -q --seed 7 --holdout 0.3 -m "$folder/a"
"$train" fit "$data/wine.csv" -q --seed 7 --holdout 0.3 -m "$folder/b"
cmp -s "$folder/a" "$folder/b" || { echo "FAILED: two runs differ"; failed=1; }

# Predictions need no target, take columns by name, and fill in what the model learned to fill in
cut -d, -f2-4 "$data/iris.csv" >"$folder/few"
expect 1 "there is no column 'sepal length (cm)'" "$train" predict "$folder/few" -m "$m"
awk -F, '{print $4 ";" $3 ";" $2 ";" $1}' "$data/iris.csv" >"$folder/turned"
"$train" predict "$folder/turned" -m "$m" >"$folder/p1" && "$train" predict "$data/iris.csv" -m "$m" >"$folder/p2"
cmp -s "$folder/p1" "$folder/p2" || { echo "FAILED: the order of columns matters"; failed=1; }

# Missing values when a model is applied: what happens to them was settled by fit
printf 'a,b\n1,x\nNA,y\n' >"$folder/holes"
printf 'a,b\n1,x\n2,y\n3,x\n4,y\n' | "$train" fit - -q -m "$folder/holey"
expect 1 ":3:1: column 'a': the value is missing ('NA'); fit settles with --missing whether" "$train" predict "$folder/holes" -m "$folder/holey"
printf 'a,b\n1,\n' >"$folder/holes"
expect 1 ":2:3: column 'b': the value is missing ('')" "$train" evaluate "$folder/holes" -m "$folder/holey"
grep -q -e --missing "$folder/said" && { echo "FAILED: advice that evaluate cannot follow"; failed=1; }

# Labels that are texts need not repeat much, and may hold line breaks
expect 0 "3 rows, 1 columns, 2 classes (A 2, B 1)" "$train" fit "$(printf 'v,l\n1,A\n2,B\n4,A\n' | file aba)"
expect 1 "2 different labels in 3 rows" "$train" fit "$(printf 'v,l\n1,1\n2,2\n4,1\n' | file 121)"
expect 0 '2 classes (a\x0ab 3, c 3)' "$train" fit "$(printf 'v,l\n1,"a\nb"\n2,c\n3,"a\nb"\n4,c\n5,"a\nb"\n7,c\n' | file broken)" --summary
grep -q '^ *a\\x0ab |' "$folder/said" || { echo "FAILED: a line break in the table of classes"; failed=1; }
printf 'v,l\n1,"a\nb"\n2,"a\nb"\n3,c\n4,c\n5,d\n6,c\n7,d\n8,d\n' >"$folder/broken"
"$train" fit "$folder/broken" --summary >"$folder/said"
grep -q '^a\\x0ab: v' "$folder/said" || { echo "FAILED: a line break in the coefficients"; failed=1; }

expect 1 "there are v, a\\x0ab" "$train" fit "$(printf 'v,"a\nb"\n1,A\n2,B\n' | file names)" --target other

# Sparse files
"$train" fit "$data/digits.csv" -q -m "$folder/digits"
awk -F, 'NR > 1 {print ($31 == "benign" ? 1 : -1) " 1:" $1 " 2:" $2 " 5:" $5 " 9:" $9}' "$data/breast_cancer.csv" >"$folder/s.svm"
expect 1 "made from CSV" "$train" predict "$folder/s.svm" -m "$m"
expect 0 "4 columns, 2 classes (-1 212, 1 357)" "$train" fit "$folder/s.svm" -m "$folder/sparse"
expect 0 "(569 rows): accuracy 0.9" "$train" evaluate "$folder/s.svm" -m "$folder/sparse"
expect 1 "libsvm file, and these data are CSV" "$train" predict "$data/iris.csv" -m "$folder/sparse"

printf '1 1:10 2:3 9:1\n-1 1:10 2:3\n-1 9:1 10:5 300:1\n' >"$folder/beyond.svm"
expect 0 "beyond.svm:3:8: column number 10 is none of the 4 columns of the model; 2 such entries were passed over" "$train" evaluate "$folder/beyond.svm" -m "$folder/sparse"
"$train" predict "$folder/beyond.svm" -m "$folder/sparse" -q 2>&1 | grep -q passed && { echo "FAILED: predict --quiet"; failed=1; }
printf '1 1:10\n1 0:4 2:3\n' >"$folder/zero.svm"
expect 1 "zero.svm:2:3: column number 0 occurs, but columns count from 1 in the model" "$train" predict "$folder/zero.svm" -m "$folder/sparse"

# What belongs to the rows of a sparse file besides: files with one number a row
awk -F, 'NR > 1 {print NR % 3}' "$data/breast_cancer.csv" >"$folder/w"
awk -F, 'NR > 1 {print NR % 5 - 2}' "$data/breast_cancer.csv" >"$folder/o"
expect 0 "converged" "$train" fit "$folder/s.svm" --weights "$folder/w" --offset "$folder/o" --class-weights balanced -m "$folder/beside"
expect 0 "(379 rows): accuracy" "$train" evaluate "$folder/s.svm" --offset "$folder/o" --weights "$folder/w" -m "$folder/beside"
expect 1 "name the file with those of these rows" "$train" predict "$folder/s.svm" -m "$folder/beside"
head -5 "$folder/w" >"$folder/fewer"
expect 1 "fewer numbers than the 569 rows" "$train" fit "$folder/s.svm" --weights "$folder/fewer"
printf '1\n-1\n' >"$folder/negative"
expect 1 "negative:2:1: column 'x1': a weight must not be negative" "$train" fit "$folder/s.svm" --weights "$folder/negative"
expect 1 "fewer rows than the 569 weights or offsets" "$train" predict "$(head -9 "$folder/s.svm" | file nine.svm)" --offset "$folder/o" -m "$folder/beside"

# Many pieces of a sparse file: the same as row by row, and a file that is whole or not there
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do cat "$folder/s.svm"; done >"$folder/many.svm"
"$train" predict "$folder/s.svm" -m "$folder/sparse" >"$folder/once" && "$train" predict "$folder/many.svm" -m "$folder/sparse" -o "$folder/often"
{ head -1 "$folder/once"; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do tail -n +2 "$folder/once"; done; } >"$folder/wanted"
cmp -s "$folder/often" "$folder/wanted" || { echo "FAILED: predictions of many sparse rows"; failed=1; }
expect 0 "(9104 rows): accuracy 0.9" "$train" evaluate "$folder/many.svm" -m "$folder/sparse"
cp "$folder/many.svm" "$folder/spoiled.svm" && echo "1 3:x" >>"$folder/spoiled.svm"
expect 1 "spoiled.svm:9105:5: the value 'x' is not a number" "$train" predict "$folder/spoiled.svm" -m "$folder/sparse" -o "$folder/often"
cmp -s "$folder/often" "$folder/wanted" || { echo "FAILED: half of the predictions"; failed=1; }
[ -e /dev/full ] && expect 1 "No space left" "$train" predict "$data/digits.csv" -m "$folder/digits" -o /dev/full
expect 2 "offsets are for logistic models and for regression" "$train" fit "$data/iris.csv" --offset 1
expect 2 "are for CSV" "$train" fit "$folder/s.svm" --target y

# A net for regression
expect 0 "R^2 0." "$train" fit "$data/diabetes.csv" -k net --hidden 4 --loss huber -l 1 -m "$folder/curve"
expect 0 "(442 rows): R^2 0." "$train" evaluate "$data/diabetes.csv" -m "$folder/curve"
expect 2 "classes have the logarithmic loss" "$train" fit "$data/iris.csv" -k multinomial --loss squared

# Paths
expect 0 "best on the rows held back" "$train" fit "$data/wine.csv" --path 5 --mix 0.9 --holdout 0.3 --penalty-on standardized
expect 0 "within one standard error" "$train" cv "$data/diabetes.csv" --path 5 --mix 1 --folds 4
expect 0 '"one_standard_error":' "$train" cv "$data/diabetes.csv" --path 5 --folds 3 --json

# Losses with straight pieces, in memory or not, along a path and in folds
expect 0 "objective 42.55133008" "$train" fit "$data/diabetes.csv" --loss huber --delta 1
expect 0 "objective 42.55133008" "$train" fit "$data/diabetes.csv" --loss huber --delta 1 -k linear --chunk-rows 100
expect 0 "converged" "$train" cv "$data/diabetes.csv" --loss huber --delta 1
expect 0 "best on the rows held back" "$train" fit "$data/diabetes.csv" --loss huber --delta 1 --path 4 --mix 1 --holdout 0.2
expect 0 "within one standard error" "$train" cv "$data/diabetes.csv" --loss huber --delta 1 --path 4 --mix 0.5

# Reached, as low as doubles go, not reached: also when the limit is just enough, in folds, along paths, in silence
expect 0 '"converged":true,"stop":"converged","status":"converged"' "$train" fit "$data/diabetes.csv" --json --max-iterations 2
expect 0 '"converged":true,"stop":"converged as far as rounding allows' "$train" fit "$data/diabetes.csv" --json --tolerance 0
expect 0 '"converged":true' "$train" fit "$data/diabetes.csv" --json --tolerance 0 --mix 1 -l 0.1
expect 0 '"status":"rounding"' "$train" fit "$data/iris.csv" --json --tolerance 0 --method lbfgs
expect 0 '"status":"rounding"' "$train" cv "$data/diabetes.csv" --json --tolerance 0
expect 0 '"converged":true' "$train" fit "$(printf 'x,y\n1,10\n2,20\n3,30\n4,40\n5,50\n' | file tenfold)" -k linear --json
expect 0 '"converged":true' "$train" fit "$(printf 'x,y\n1,0.1\n2,0.2\n3,0.3\n4,0.4\n5,0.5\n7,0.7\n' | file tenth)" -k linear --json
expect 0 '"converged":true' "$train" fit "$folder/tenth" -k linear --json --loss absolute
expect 0 '"converged":true' "$train" fit "$folder/tenth" -k linear --json --method lbfgs
expect 0 '"converged":false,"stop":"the epochs asked for are done","status":"epochs"' "$train" fit "$data/iris.csv" --method adam --epochs 2 --json
expect 0 "kept: lambda" "$train" fit "$data/iris.csv" --method adam --epochs 2 --path 2
for more in "-q" "-q --chunk-rows 50" "-q --mix 1" "-q -k net" "-q --method lbfgs" "-q --method gd" "-q --path 3" "-q --method proximal --mix 1"; do
  expect 3 "" "$train" fit "$data/wine.csv" $more --max-iterations 1
  [ -s "$folder/said" ] || { echo "FAILED: nothing is said of a fit not reached: $more"; failed=1; }
done
expect 3 "limit on iterations" "$train" fit "$data/diabetes.csv" -q --loss absolute --max-iterations 1
for most in 3 4 5 6 7 8 9 10; do # some of these are the last iteration of a stage
  expect 3 "\"iterations\":$most," "$train" fit "$data/diabetes.csv" --json --loss absolute --method lbfgs --max-iterations $most
done
expect 3 "in at least one fold: the limit on iterations" "$train" cv "$data/wine.csv" -q --max-iterations 1
expect 3 "not every fit of the path converged" "$train" cv "$data/wine.csv" -q --max-iterations 1 --path 3
expect 3 "  not converged" "$train" cv "$data/wine.csv" --max-iterations 1 --path 3
expect 3 '"converged":false' "$train" cv "$data/wine.csv" --max-iterations 1 --path 3 --json

# Counts are counts, of rows and of work, and an exact fit has no errors
awk 'BEGIN {print "x,w,y"; for (i = 0; i < 60; i++) print i % 7 "," (i % 3 + 1) * 500000 "," (i % 5 < 2 ? "a" : "b")}' >"$folder/million"
expect 0 "b |        0 36000000 | 1.0000" "$train" fit "$folder/million" --weights w -l 1e9
grep -q 'e+0[78]' "$folder/said" && { echo "FAILED: counts in powers of ten"; failed=1; }
expect 0 "after 20 epochs of adam (100 mini-batches) in" "$train" fit "$data/iris.csv" --method adam --epochs 20
expect 0 "after 1 epoch of adam (1 mini-batch) in" "$train" fit "$data/iris.csv" --method adam --epochs 1 --batch 150
expect 0 "after 1 iteration of newton (2 values, 2 gradients, 1 Hessian) in" "$train" fit "$folder/tenfold" -k linear
expect 0 "products with Hessians)" "$train" fit "$data/iris.csv" --method trust_region_cg
expect 0 '"no_standard_errors":"the model fits exactly' "$train" fit "$folder/tenth" -k linear --summary --json
"$train" fit "$folder/tenfold" -k linear --summary >"$folder/said" 2>&1
grep -q 'inf\|nan' "$folder/said" && { echo "FAILED: the summary of an exact fit"; failed=1; }
expect 0 "residual standard error 54.1542 on 431 degrees of freedom" "$train" fit "$data/diabetes.csv" --summary
expect 0 "R^2 0.517748" "$train" fit "$data/diabetes.csv" --lambda 0 --mix 0.5

# Bad command lines
expect 2 "nothing to do" "$train"
expect 2 "must be fit, predict, evaluate or cv" "$train" train x
expect 2 "which data" "$train" fit
expect 2 "which model" "$train" predict x
expect 2 "no option '--lamda'" "$train" fit x --lamda 1
expect 2 "number from 0 to" "$train" fit x --lambda -1
expect 2 "number from 0 to" "$train" fit x --lambda abc
expect 2 "must be one of" "$train" fit x --kind tree
expect 2 "no option of fit" "$train" fit x --folds 3
expect 2 "needs a value" "$train" fit x --lambda
expect 2 ".png and .svg" "$train" fit x --plot x.pdf
expect 2 "--epochs needs a method with mini-batches" "$train" fit "$data/iris.csv" --epochs 5
expect 2 "--hidden needs a net" "$train" fit "$data/iris.csv" --hidden 5
expect 2 "--mix needs a penalty" "$train" fit "$data/diabetes.csv" --mix 1
expect 2 "--max-iterations needs" "$train" fit "$data/iris.csv" --method adam --max-iterations 5
expect 2 "no method named 'adma'" "$train" fit "$data/iris.csv" --method adma --max-iterations 5
expect 2 "not for the objectives of this program" "$train" fit "$data/iris.csv" --method secant
expect 0 "converged" "$train" fit "$data/iris.csv" --method trust_region
expect 0 "converged" "$train" fit "$data/iris.csv" --method newton_cg
expect 1 "cannot write: No such file" "$train" fit "$data/digits.csv" -m /nowhere/model
expect 1 "cannot write: Is a directory" "$train" fit "$data/digits.csv" -m "$folder"
expect 2 "no method named 'simplex'" "$train" fit "$data/iris.csv" --method simplex
expect 1 "no column 'colour' (--target); there are sepal length (cm), sepal width (cm)," "$train" fit "$data/iris.csv" --target colour

expect 2 "no method named 'foo'" "$train" cv "$data/iris.csv" --method foo
expect 2 "for an L1 penalty; none was asked for" "$train" fit "$data/iris.csv" --method proximal
expect 2 "cannot handle an L1 penalty" "$train" fit "$data/iris.csv" --method bfgs --mix 1
expect 2 "'setosa=-2' needs a number" "$train" fit "$data/iris.csv" --class-weights setosa=-2,virginica=1
expect 2 "'setosa=x' needs a number" "$train" fit "$data/iris.csv" --class-weights setosa=x
expect 2 "--chunk-rows is for CSV" "$train" fit "$folder/s.svm" --chunk-rows 10
expect 2 "--ignore names the target, 'target': the last column" "$train" fit "$data/diabetes.csv" --ignore age,target
expect 0 "9 columns and a numeric target" "$train" fit "$data/diabetes.csv" --ignore target --target bmi
expect 2 "does not go with --lambda" "$train" fit "$data/diabetes.csv" --path 4 -l 0.1
expect 0 "what to compare with" "$train" evaluate --help
expect 0 "or the coefficients along a path" "$train" fit --help

# Bad data: a message with the place, and no model
bad=$folder/bad
refuse() { # refuse WORDS FILE OPTIONS...
  words=$1
  shift
  expect 1 "$words" "$train" fit -m "$bad" "$@"
  [ -e "$bad" ] && { echo "FAILED: a model was written: $*"; failed=1; }
}
refuse "cannot open: No such file" "$folder/nothing"
refuse "Is a directory" "$folder"
refuse "the file is empty" "$(file empty </dev/null)"
refuse "there are no rows" "$(printf 'a,b\n' | file header)"
refuse "one class 'x'" "$(printf 'a,b\n1,x\n2,x\n3,x\n' | file one)"
refuse ":3:1: 1 field where 2 are expected" "$(printf 'a,b\n1,x\n2\n3,y\n' | file ragged)"
refuse ":3:1: column 'a': 'two' is not a number" "$(printf 'a,b\n1,x\ntwo,y\n3,y\n' | file text)"
refuse ":2:1: column 'a': 'red' is not a number" "$(printf 'a,b\nred,x\ngreen,y\nred,y\n' | file textcolumn)"
refuse ":2:1: column 'a': '1,5' is not a number (decimal commas: --decimal comma)" "$(printf 'a;b\n1,5;x\n2,5;y\n3;y\n' | file marks)"
refuse "'x' is not a number, and this kind of model predicts numbers" "$(printf 'a,b\n1,x\n2,y\n3,y\n' | file words)" -k linear
refuse ":3:1: column 'a': the value is missing" "$(printf 'a,b\n1,x\nnan,y\n3,y\n' | file nan)"
refuse ":3:1: column 'a': 'inf' is not a finite number" "$(printf 'a,b\n1,x\ninf,y\n3,y\n' | file inf)"
refuse "beyond the largest double" "$(printf 'a,b\n1,x\n1e999,y\n3,y\n' | file huge)"
refuse "too large to be squared" "$(printf 'a,b\n1,x\n1e308,y\n3,y\n4,x\n' | file e308)"
refuse "column 'a' holds a value as large as 1e+308" "$(printf 'a,b\n1,x\n-1e308,y\n3,y\n4,x\n' | file minus308)"
refuse "columns 1 and 2 are both named 'a'" "$(printf 'a,a,b\n1,2,x\n' | file twice)"
refuse ":3:2: a NUL byte" "$(printf 'a,b\n1,x\n2\0,y\n' | file nul)"
refuse "too few" "$(printf 'a,b\n1,x\n2,y\n' | file two)"
refuse "never closed" "$(printf 'a,b\n1,"x\n2,y\n' | file quote)"
refuse "the same in all rows" "$(printf 'a,b\n1,1.5\n2,1.5\n3,1.5\n4,1.5\n' | file flat)" --kind linear
expect 0 "no standard errors: the columns are linearly dependent ('twice' adds nothing to those before it)" "$train" fit "$(printf 'a,twice,b\n1,2,x\n2,4,y\n3,6,x\n4,8,y\n5,10,x\n' | file dependent)" --summary -l 0
[ -r /proc/self/mem ] && refuse "cannot read:" /proc/self/mem # root may read all files, but not this one from its beginning
[ "$(id -u)" = 0 ] || { file secret <"$data/iris.csv" >/dev/null; chmod 0 "$folder/secret"; refuse "Permission denied" "$folder/secret"; }

# A class whose weight is 0 is not there
printf 'a,w,b\n1,0,x\n2,1,y\n3,1,y\n4,0,x\n5,1,y\n6,1,y\n' >"$folder/weightless"
refuse "all rows of weight belong to class 'y'" "$folder/weightless" --weights w
refuse "all rows of weight belong to class 'y'" "$folder/weightless" --ignore w --class-weights x=0
refuse "all rows of weight belong to class 'y'" "$folder/weightless" --weights w --class-weights balanced
refuse "no row to learn from of class 'setosa' has a weight above 0" "$data/iris.csv" --class-weights setosa=0
expect 1 "all rows of weight belong to class 'y'" "$train" cv "$folder/weightless" --weights w --folds 2

# What there is no number for is a dash, or null
printf 'a,c,b\n1,5,x\n2,5,y\n3,5,x\n4,5,y\n6,5,x\n7,5,y\n' >"$folder/constant"
expect 0 "c                                                    0            -         -          -             -             -" "$train" fit "$folder/constant" --summary
expect 0 '"name":"c","estimate":0,"std_error":null,"statistic":null,"p_value":null,"low":null,"high":null' "$train" fit "$folder/constant" --summary --json
printf 'a,b\n1,x\n2,y\n3,x\n4,x\n6,x\n7,x\n' >"$folder/rare"
expect 0 "0.0000         -" "$train" fit "$folder/rare" -l 1
printf 'a,w,b\n1,0,x\n2,0,y\n3,0,x\n4,0,y\n' >"$folder/nothing_weighs"
"$train" fit "$folder/constant" --ignore c -q -m "$folder/small"
expect 1 "the weights of all 4 rows are 0" "$train" evaluate "$folder/nothing_weighs" --weights w -m "$folder/small"

# A constant column is no obstacle; ten thousand columns are not either
expect 0 "1 column is constant" "$train" fit "$(printf 'a,c,b\n1,5,x\n2,5,y\n3,5,x\n4,5,y\n' | file constant)"
awk 'BEGIN {srand(1); for (i = 0; i < 10000; i++) printf "c%d,", i; print "y"; for (r = 0; r < 12; r++) {for (i = 0; i < 10000; i++) printf "%d,", 9 * rand(); print r % 2 ? "a" : "b"}}' >"$folder/wide"
expect 0 "10000 columns" "$train" fit "$folder/wide" --max-iterations 500

# Standard errors: fitted as without them, for so many coefficients and where there are any; a column too many costs no model
expect 1 "for at most 5000 coefficients; there are 10001" "$train" fit "$folder/wide" --summary
expect 2 "no standard errors for a whole path" "$train" fit "$data/wine.csv" --summary --path 4
expect 2 "no standard errors for a net" "$train" fit "$data/wine.csv" --summary -k net
expect 2 "no standard errors for a method with mini-batches" "$train" fit "$data/wine.csv" --summary --method adam
expect 2 "no standard errors for an L1 penalty" "$train" fit "$data/wine.csv" --summary --mix 0.5
expect 2 "no standard errors for another loss" "$train" fit "$data/diabetes.csv" --summary --loss huber
expect 0 "of lbfgs" "$train" fit "$data/digits.csv" --summary
expect 0 '"no_standard_errors":"the columns are linearly dependent' "$train" fit "$folder/dependent" --summary -l 0 --json -m "$folder/depends"
[ -s "$folder/depends" ] || { echo "FAILED: no model without standard errors"; failed=1; }
expect 3 "no standard errors: they are for an optimum" "$train" fit "$data/wine.csv" --max-iterations 2 --summary

# Limits and interrupts are seen within an iteration of Newton's method and within the search for standard errors
cut -d, -f1-4500,10001 "$folder/wide" >"$folder/wide_summary"
expect 3 "limit on time" "$train" fit "$folder/wide" --method newton --max-seconds 1
expect 0 "no standard errors: the limit on time is reached" timeout 20 "$train" fit "$folder/wide_summary" --summary --max-seconds 2 -m "$folder/in_time"
[ -s "$folder/in_time" ] || { echo "FAILED: no model in time"; failed=1; }

# A line without end is refused before memory is: 1 GB, of which 64 MB are read
head -c 1000000000 /dev/zero | tr '\0' 7 | { expect 1 "the line is longer than" "$train" fit -; [ $failed = 0 ]; } || failed=1

head -c 1000000000 /dev/zero | tr '\0' 7 | { expect 1 "the line is longer than" "$train" fit - --format libsvm; [ $failed = 0 ]; } || failed=1

# A full disk leaves the old model
cp "$m" "$folder/kept"
( ulimit -f 1; "$train" fit "$data/digits.csv" --max-iterations 3 -q -m "$m" >"$folder/said" 2>&1 )
[ $? = 1 ] && grep -q "cannot write: File too large" "$folder/said" || { echo "FAILED: a limit on the size of files"; failed=1; }
cmp -s "$m" "$folder/kept" || { echo "FAILED: a full disk spoiled the model"; failed=1; }
[ -e /dev/full ] && expect 1 "No space left" "$train" fit "$data/iris.csv" -q -m /dev/full
ls "$folder" | grep -q part && { echo "FAILED: something was left beside the model"; failed=1; }

# A link to a model stays one
ln -s kept "$folder/link"
expect 0 "converged" "$train" fit "$data/iris.csv" -l 1 -m "$folder/link"
[ -L "$folder/link" ] && ! cmp -s "$m" "$folder/kept" || { echo "FAILED: a link was replaced"; failed=1; }
ln -s nowhere "$folder/dangling"
expect 1 "cannot write: No such file" "$train" fit "$data/iris.csv" -q -m "$folder/dangling"

# No file is written that is read too, or twice, under whatever name
own=$(cd "$folder" && pwd)/own.csv
cp "$data/iris.csv" "$own"
ln -s own.csv "$folder/other"
same() { # same WORDS ARGUMENTS...
  words=$1
  shift
  expect 2 "$words are the same file" "$train" "$@"
  cmp -s "$own" "$data/iris.csv" || { echo "FAILED: data overwritten: $*"; failed=1; cp "$data/iris.csv" "$own"; }
}
same "the data and --model" fit "$own" -m "$own"
same "the data and --model" fit "$own" -m "$folder/other"
same "the data and --trace" fit "$folder/../$(basename "$folder")/own.csv" --trace "$own"
same "the data and --model" fit - -m "$own" <"$own"
same "the data and --checkpoint" fit "$own" --checkpoint "$own"
same "--model and --trace" fit "$own" -m "$folder/made" --trace "$folder/./made"
same "--trace and --plot" fit "$own" --trace "$folder/made.png" --plot "$folder/made.png"
same "--start and --model" fit "$own" --start "$m" -m "$m"
same "--model and --trace" fit "$own" -m - --trace -
same "--weights and --model" fit "$folder/s.svm" --weights "$folder/w" -m "$folder/w"
same "the data and --output" predict "$own" -m "$m" -o "$own"
same "--model and --output" predict "$own" -m "$m" -o "$m"
expect 0 "converged" "$train" fit "$own" -m /dev/null --trace /dev/null

# What has no end is not read to it
for endless in /dev/full /dev/zero; do
  [ -e $endless ] || continue
  expect 1 "must be a regular file" timeout 20 "$train" fit "$data/iris.csv" --checkpoint $endless
  expect 1 "this is no model file" timeout 20 "$train" predict "$data/iris.csv" -m $endless
  expect 1 "this is no model file" timeout 20 "$train" fit "$data/iris.csv" --start $endless
done
{ echo "tapegrad-model 2"; cat /dev/zero; } 2>/dev/null | { expect 1 "a line is longer than" timeout 20 "$train" predict "$data/iris.csv" -m /dev/stdin; [ $failed = 0 ]; } || failed=1
[ -e /dev/full ] && { "$train" fit --help >/dev/full 2>"$folder/said"; [ $? = 1 ] || { echo "FAILED: help that nobody reads"; failed=1; }; }

# Broken models
head -c 300 "$m" >"$folder/cut"
expect 1 "truncated" "$train" predict "$data/iris.csv" -m "$folder/cut"
expect 1 "this is no model file" "$train" predict "$data/iris.csv" -m "$data/iris.csv"
sed 's/model 2/model 9/' "$m" >"$folder/newer"
expect 1 "made by a newer program" "$train" predict "$data/iris.csv" -m "$folder/newer"

# No optimum: separable classes, and the limit of iterations
expect 3 "setosa from versicolor" "$train" fit "$data/iris.csv" -l 0 -m "$bad"
[ -e "$bad" ] && { echo "FAILED: separable classes left a model"; failed=1; }
expect 3 "limit on iterations" "$train" fit "$data/wine.csv" --max-iterations 2
expect 0 "objective 2.2649265" "$train" fit "$data/breast_cancer.csv" -l 1e-50
expect 3 "the penalty is too small for arithmetic" "$train" fit "$data/breast_cancer.csv" -l 1e-50 --method lbfgs -m "$folder/certain"
[ -s "$folder/certain" ] || { echo "FAILED: no model of a penalty that is too small"; failed=1; }
expect 3 "the penalty is too small for arithmetic" "$train" fit "$data/wine.csv" -l 1e-50
# Without error one class only is told from the others: the rest of the objective hides a penalty that is too small
expect 3 "too small to settle how large coefficients become: setosa from versicolor, setosa from virginica" "$train" fit "$data/iris.csv" -l 1e-30 -m "$folder/unsettled"
[ -s "$folder/unsettled" ] || { echo "FAILED: no model of a penalty that settles nothing"; failed=1; }
expect 3 '"status":"unsettled"' "$train" fit "$data/iris.csv" -l 1e-18 --json
expect 0 '"status":"converged"' "$train" fit "$data/iris.csv" -l 1e-10 --json

expect 3 "limit on time" "$train" fit "$data/digits.csv" -k net --method adam --batch 1 --epochs 1000000 --max-seconds 0.3

# Waits until a file is there, for at most ten seconds.
appears() {
  for wait in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40; do
    [ -s "$1" ] && return
    sleep 0.25
  done
  echo "FAILED: $1 does not appear"
  failed=1
}

# An interrupt keeps the best model so far
"$train" fit "$data/digits.csv" -k net --method adam --epochs 1000000 -q -m "$folder/interrupted" \
  --checkpoint "$folder/began" --checkpoint-seconds 0 >/dev/null 2>&1 &
pid=$!
appears "$folder/began"
kill -INT $pid
wait $pid
[ $? = 130 ] && [ -s "$folder/interrupted" ] || { echo "FAILED: interrupt"; failed=1; }
expect 0 "accuracy" "$train" evaluate "$data/digits.csv" -m "$folder/interrupted"

# Killed again and again, a fit goes on from its checkpoint and ends with the same bits as one that was left alone
net="$data/digits.csv -k net --hidden 8 --method adam --epochs 1500 -q"
"$train" fit $net -m "$folder/alone"
killed=0
for try in 1 2 3; do
  "$train" fit $net -m "$folder/resumed" --checkpoint "$folder/state" --checkpoint-seconds 0 &
  pid=$!
  appears "$folder/state"
  sleep 0.1
  kill -9 $pid && killed=$((killed + 1))
  wait $pid
done 2>/dev/null
"$train" fit $net -m "$folder/resumed" --checkpoint "$folder/state" --checkpoint-seconds 0
[ $killed -gt 0 ] || { echo "FAILED: no fit was killed that had a checkpoint"; failed=1; }
cmp -s "$folder/alone" "$folder/resumed" || { echo "FAILED: killed $killed times it ends elsewhere"; failed=1; }
[ -e "$folder/state" ] && { echo "FAILED: a checkpoint of a fit that is over"; failed=1; }
rm -f "$folder"/state.*.part

# Interrupted it leaves the best model and a checkpoint, which other data or options are not taken for
"$train" fit $net --epochs 1000000 -m "$folder/partly" --checkpoint "$folder/state" --checkpoint-seconds 0 >/dev/null 2>&1 &
pid=$!
appears "$folder/state"
kill -INT $pid
wait $pid
[ $? = 130 ] && [ -s "$folder/partly" ] && [ -s "$folder/state" ] || { echo "FAILED: interrupt with a checkpoint"; failed=1; }
expect 1 "of other data or other options" "$train" fit $net --lambda 0.5 --checkpoint "$folder/state"
expect 1 "of other data or other options" "$train" fit "$data/iris.csv" --checkpoint "$folder/state"
expect 1 "no checkpoint of this program" "$train" fit "$data/iris.csv" --checkpoint "$folder/partly"
head -c 5000 "$folder/state" >"$folder/half"
expect 1 "the checkpoint is damaged" "$train" fit $net --checkpoint "$folder/half"
expect 2 "for a single fit" "$train" fit "$data/wine.csv" --path 4 --checkpoint "$folder/new"

# Other methods go on from the point that was reached, and any fit starts from a model of the same kind
expect 3 "limit on iterations" "$train" fit "$data/digits.csv" --max-iterations 5 -m "$folder/five" --checkpoint "$folder/lbfgs" --checkpoint-seconds 0
expect 0 "going on from" "$train" fit "$data/digits.csv" --checkpoint "$folder/lbfgs"
[ -e "$folder/lbfgs" ] && { echo "FAILED: a checkpoint was left"; failed=1; }
expect 0 "converged" "$train" fit "$data/digits.csv" -m "$folder/done"
expect 0 "converged" "$train" fit "$data/digits.csv" --start "$folder/done" --max-iterations 3
expect 1 "another kind or other columns or classes" "$train" fit "$data/wine.csv" --start "$folder/five"

exit $failed
