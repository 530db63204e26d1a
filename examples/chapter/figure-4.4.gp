name = "figure-4.4"; width = 800; height = 640
load "common.gp"
stats "4.4-best.dat" using 1 nooutput
epoch = STATS_min
stats "4.4-best.dat" using 2 nooutput
error = STATS_min
set multiplot layout 2,1
set lmargin 9
set xrange [0:*]; set yrange [0:*]
set ylabel "validation error rate"
set arrow 1 from epoch, graph 0 to epoch, error nohead lc rgb "black" lw 2
set label 1 sprintf("early stopping: epoch %d, error rate %.3f", epoch, error) at epoch, graph 0.55
if (epoch < 100) { set label 1 left offset 1, 0 } else { set label 1 right offset -1, 0 }
set yrange [0:0.3]
plot "4.4-curves.dat" using 1:2 with lines ls 3 notitle
unset arrow; unset label
set xlabel "epoch"; set ylabel "training loss"
set yrange [0:*]
plot "4.4-curves.dat" using 1:3 with lines ls 3 notitle
unset multiplot
