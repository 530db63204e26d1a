name = "figure-4.9"; width = 1000; height = 520
load "common.gp"
$optimum << END
1 1
END
$start << END
0.4 -0.2
END
set contour base; unset surface
set table $contours
splot "4.9-surface.dat" @LOG
unset table
set multiplot layout 1,2
set xlabel "{/Symbol q}_1"; set ylabel "{/Symbol q}_2"
set xrange [-0.3:1.1]; set yrange [-0.3:1.1]; set size ratio 1
set label 1 "optimal point" at 0.97, 1.03 right
set label 2 "initial point" at 0.43, -0.23
set title "(a) the path"
plot $contours using 1:2:3 with lines lc palette lw 0.6 notitle, \
     "4.9-path.dat" using 2:3 with lines ls 2 notitle, \
     $optimum with points pt 7 lc rgb "#b3372b" notitle, $start with points ls 9 notitle
unset label
set xrange [0.57:0.69]; set yrange [0.32:0.47]; set size ratio -1
set xtics 0.02; set ytics 0.02
set title "(b) its turns, enlarged"
plot "4.9-path.dat" using 2:3 with linespoints ls 2 pt 7 ps 0.4 notitle
unset multiplot
