name = "figure-4.6"; width = 640; height = 640
load "common.gp"
$optimum << END
1 1
END
$start << END
0.4 -0.2
END
set contour base; unset surface
set table $contours
splot "4.6-surface.dat" @LOG
unset table
set xlabel "{/Symbol q}_1"; set ylabel "{/Symbol q}_2"
set xrange [-0.3:1.1]; set yrange [-0.3:1.1]; set size ratio 1
set key top left
set label 1 "optimal point" at 0.97, 1.03 right
set label 2 "initial point" at 0.43, -0.23
plot $contours using 1:2:3 with lines lc palette lw 0.6 notitle, \
     "4.6-beta-0.9.dat" using 2:3 with lines ls 2 title "{/Symbol b} = 0.9", \
     "4.6-beta-0.5.dat" using 2:3 with lines ls 3 dt 4 title "{/Symbol b} = 0.5", \
     "4.6-beta-0.dat" using 2:3 with lines ls 1 dt 2 title "{/Symbol b} = 0", \
     $optimum with points pt 7 lc rgb "#b3372b" notitle, $start with points ls 9 notitle
