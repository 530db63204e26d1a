name = "figure-4.2"; width = 1000; height = 520
load "common.gp"
$optimum << END
1 1
END
$start << END
0.2 -0.2
END
set contour base; unset surface
set table $contours
splot "4.2-surface.dat" @LOG
unset table
set multiplot layout 1,2
set xlabel "{/Symbol q}_1"; set ylabel "{/Symbol q}_2"
set xrange [-0.3:1.1]; set yrange [-0.3:1.1]; set size ratio 1
set key bottom right
set label 1 "optimal point" at 0.97, 1.02 right
set label 2 "initial point" at 0.17, -0.2 right
# By step 10000 the paths have settled: a fixed rate has them jump between two points, and to draw the other
# 90000 jumps changes nothing but takes a minute.
do for [panel in "fixed decay"] {
  set title panel eq "fixed" ? "(a) fixed rate {/Symbol a}" : "(b) rate {/Symbol a} 0.99^t"
  plot $contours using 1:2:3 with lines lc palette lw 0.6 notitle, \
       "4.2-" . panel . "-0.005.dat" every ::::10000 using 2:3 \
         with lines ls 2 title "{/Symbol a} = 0.005", \
       "4.2-" . panel . "-0.0025.dat" every ::::10000 using 2:3 \
         with lines ls 3 title "{/Symbol a} = 0.0025", \
       $optimum with points pt 7 lc rgb "#b3372b" notitle, \
       $start with points ls 9 notitle
}
unset multiplot
