#!/bin/sh
# What the program leaves when it is killed or interrupted, and names that hold anything. Arguments: the program, the
# data folder.
train=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
data=$2
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
failed=0

fails() {
  echo "FAILED: $*"
  failed=1
}

# A left-over of the same process number, as in a container, is no obstacle: neither to a model nor to checkpoints
sh -c 'echo half >"$1.$$.part"; echo half >"$2.$$.part"; exec "$3" fit "$4" -k net --method adam --epochs 3 -q -m "$1" --checkpoint "$2" --checkpoint-seconds 0 --max-seconds 1000' \
  sh "$folder/model" "$folder/state" "$train" "$data/iris.csv" 2>"$folder/said" || fails "a left-over blocks a fit"
[ -s "$folder/said" ] && fails "$(cat "$folder/said")"
"$train" predict "$data/iris.csv" -m "$folder/model" -q >"$folder/predictions" || fails "no model beside a left-over"
ls "$folder" | grep -q '\.part$' && fails "a left-over stays"
rm -f "$folder"/*.part
[ -s "$folder/model" ] || "$train" fit "$data/iris.csv" -q -m "$folder/model"

# Signals mean what they mean by default, also where this test's parent passes them over (nohup)
heeding=
env --default-signal=TERM,HUP true 2>/dev/null && heeding='env --default-signal=TERM,HUP'

# Predictions that are interrupted leave nothing, and the old file
mkfifo "$folder/data"
awk 'NR == 1 {print; next} {row[NR] = $0} END {for (k = 0; k < 200; k++) for (i = 2; i <= NR; i++) print row[i]}' "$data/iris.csv" >"$folder/many"
for signal in TERM HUP; do
  echo old >"$folder/out"
  $heeding "$train" predict "$folder/data" -m "$folder/model" -o "$folder/out" 2>/dev/null &
  pid=$!
  exec 9>"$folder/data"
  cat "$folder/many" >&9
  for wait in 1 2 3 4 5 6 7 8 9 10; do
    ls "$folder" | grep -q '\.part$' && break
    sleep 0.1
  done
  kill -$signal $pid
  wait $pid 2>/dev/null
  [ $? -gt 128 ] || fails "a signal was passed over: $signal"
  exec 9>&-
  ls "$folder" | grep -q '\.part$' && fails "half of the predictions are left: $signal"
  [ "$(cat "$folder/out")" = old ] || fails "the old predictions are gone: $signal"
done

# A terminal that is closed ends a fit as ctrl-C does: the best model is kept
$heeding "$train" fit "$data/digits.csv" -k net --method adam --epochs 1000000 -q -m "$folder/hung_up" --checkpoint "$folder/began" --checkpoint-seconds 0 2>/dev/null &
pid=$!
waited=0 # for the first checkpoint: before it there may be nobody who catches the signal
while [ ! -s "$folder/began" ] && [ $waited -lt 300 ]; do
  sleep 0.1
  waited=$((waited + 1))
done
kill -HUP $pid
wait $pid
[ $? = 130 ] && [ -s "$folder/hung_up" ] || fails "hung up"

# Without standard output or error the model is written all the same, and a report that cannot be is told
"$train" fit "$data/iris.csv" -q -m "$folder/closed" >&- 2>&- || fails "closed standard files"
[ -s "$folder/closed" ] || fails "no model with standard output closed"
"$train" fit "$data/iris.csv" -m "$folder/closed" >&- 2>"$folder/said"
[ $? = 1 ] && grep -q "the model is there" "$folder/said" || fails "a report that could not be written"

# A model that cannot be written keeps the checkpoint it could be had from
"$train" fit "$data/iris.csv" --max-iterations 2 -q --checkpoint "$folder/keep" --checkpoint-seconds 0 2>/dev/null
if [ -e /dev/full ]; then
  "$train" fit "$data/iris.csv" -q --checkpoint "$folder/keep" --checkpoint-seconds 0 -m /dev/full 2>/dev/null
  [ $? = 1 ] && [ -s "$folder/keep" ] || fails "model and checkpoint lost"
fi

# No name is a command for gnuplot: a stand-in keeps the script, in which no line may begin with a name's second line
mkdir "$folder/bin"
printf '#!/bin/sh\n[ "$1" = --version ] && { echo gnuplot 5; exit; }\ncat >"%s/script"\necho picture\n' "$folder" >"$folder/bin/gnuplot"
chmod +x "$folder/bin/gnuplot"
nasty="$folder/x'
!touch run
\`touch run\`
\$(touch run)
.csv"
{
  printf '"a,\n!touch run ""`c`""",%s\n' "$(head -1 "$data/iris.csv" | cut -d, -f2-)"
  tail -n +2 "$data/iris.csv"
} >"$nasty"
for options in "" "--path 3 --mix 1 -k multinomial" "--method lbfgs"; do
  for path in "$folder/bin:$PATH" "$PATH"; do
    rm -f "$folder/script"
    (cd "$folder" && PATH=$path "$train" fit "$nasty" $options -q --plot "$nasty.svg" 2>/dev/null) || fails "a plot: $options"
    [ -e "$folder/run" ] && fails "a command ran: $options"
    [ -e "$folder/script" ] && grep -E '^!|^`|^\.csv|^\$\(' "$folder/script" && fails "a name is a line of the script"
  done
  PATH=$folder/bin:$PATH "$train" fit "$nasty" $options -q --plot "$nasty.svg" || fails "a plot"
  [ "$(cat "$nasty.svg")" = picture ] || fails "the picture is not where it belongs"
done
printf '#!/bin/sh\n[ "$1" = --version ] && { echo gnuplot 5; exit; }\nexit 1\n' >"$folder/bin/gnuplot"
PATH=$folder/bin:$PATH "$train" fit "$nasty" -q --plot "$nasty.svg" 2>/dev/null && fails "no picture, and no word"
[ "$(cat "$nasty.svg")" = picture ] || fails "the old picture is gone"

# Nor for a terminal
escape=$(printf '\033')
odd=$folder/${escape}[31mred$(printf '\302\233')1m.csv
sed "s/setosa/set${escape}[2Josa$(printf '\302\233')/; 1s/sepal width/se${escape}pal/" "$data/iris.csv" >"$odd"
for command in "fit --summary" "cv" "fit --path 3" "fit --max-iterations 1" "fit --target nothing" "fit --checkpoint $odd"; do
  "$train" $command "$odd" >"$folder/said" 2>&1
  LC_ALL=C grep -q "$escape\\|$(printf '\302\233')" "$folder/said" && fails "escape sequences come through: $command"
done
"$train" fit "$odd" -q -m "$odd.model"
"$train" evaluate "$odd" -m "$odd.model" >"$folder/said" 2>&1
grep -q "$escape" "$folder/said" && fails "escape sequences come through: evaluate"

# On a terminal: epochs with their number and their total, a linear bar, and a report on a line of its own
if script -qec true /dev/null >/dev/null 2>&1; then
  script -qec "'$train' fit '$data/digits.csv' -k net --method adam --hidden 32 --epochs 400" /dev/null | tr '\r' '\n' >"$folder/seen"
  grep -q 'adam: epoch [0-9]* of 400, objective' "$folder/seen" || fails "no bar with epochs"
  awk '/epoch [0-9]+ of 400/ {bar = gsub("#", ""); match($0, /epoch [0-9]+/); n = substr($0, RSTART + 6, RLENGTH - 6); if (bar != int(20 * n / 400 + 1e-9)) exit 1}' "$folder/seen" || fails "a bar that is not linear"
  grep -q "^$escape\[K$data/digits.csv: 1797 rows" "$folder/seen" || fails "the report is glued to the bar"
fi

exit $failed
