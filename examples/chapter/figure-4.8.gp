name = "figure-4.8"; width = 1000; height = 520
load "common.gp"
$optimum << END
1 1
END
$start << END
0.8 0
END
set contour base; unset surface
set table $contours
splot "4.8-surface.dat" @LOG
unset table
stats "4.8-best.dat" using 1 nooutput
best = STATS_min
stats "4.8-best.dat" using 2 nooutput
lowest = STATS_min
set multiplot layout 1,2
set xlabel "{/Symbol q}_1"; set ylabel "{/Symbol q}_2"
set xrange [-0.3:1.1]; set xtics 0.2; set yrange [-0.3:1.2]; set size ratio 1.5 / 1.4
set label 1 "optimal point" at 0.97, 1.06 right
set label 2 "current point" at 0.8, -0.07 center
set label 3 "next point" at 0.49, 0.26 left
set title "(a) in the plane"
plot $contours using 1:2:3 with lines lc palette lw 0.6 notitle, \
     "4.8-ray.dat" using 3:4 with lines ls 1 notitle, \
     $optimum with points pt 7 lc rgb "#b3372b" notitle, $start with points ls 9 notitle, \
     "4.8-best.dat" using 3:4 with points pt 7 lc rgb "#1f6f3a" notitle
unset label 1; unset label 2; unset label 3
set size ratio 1
set xlabel "{/Symbol a}"; set ylabel "C({/Symbol q} + {/Symbol a q}_d)"
set xrange [0:0.003]; set xtics 0.001; set yrange [-5:45]
set arrow 1 from best, -5 to best, lowest nohead ls 2
set label 1 sprintf("{/Symbol a}* = %.7f", best) at best, -2.5 offset 1, 0
set title "(b) along the ray"
plot "4.8-ray.dat" using 1:2 with lines ls 1 notitle, \
     "4.8-best.dat" using 1:2 with points pt 7 lc rgb "#1f6f3a" notitle
unset multiplot
