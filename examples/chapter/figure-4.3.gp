name = "figure-4.3"; width = 1000; height = 520
load "common.gp"
$start << END
6 6
END
set contour base; unset surface
set table $apart
splot "4.3-apart-surface.dat" @LOG
set table $together
splot "4.3-together-surface.dat" @LOG
unset table
set multiplot layout 1,2
set xlabel "{/Symbol q}_1"; set ylabel "{/Symbol q}_2"
set xrange [-3:7]; set yrange [-3:7]; set size ratio 1
set key bottom right
set label 1 "initial point" at 5.8, 6.4 right
set title "(a) individual minima apart"
plot $apart using 1:2:3 with lines lc palette lw 0.6 notitle, \
     "4.3-minima.dat" with filledcurves closed fc rgb "#801f6f3a" notitle, \
     "4.3-apart-sgd.dat" using 2:3 with lines ls 3 lw 1 title "SGD", \
     "4.3-apart-gd.dat" using 2:3 with lines ls 1 title "GD", \
     "4.3-minima.dat" with linespoints ls 2 pt 7 title "minima of the C_i", $start with points ls 9 notitle
set title "(b) individual minima all at (2, 2)"
plot $together using 1:2:3 with lines lc palette lw 0.6 notitle, \
     "4.3-together-sgd.dat" using 2:3 with lines ls 3 lw 1 title "SGD", \
     "4.3-together-gd.dat" using 2:3 with lines ls 1 title "GD", $start with points ls 9 notitle
unset multiplot
