name = "figure-4.1"; width = 1000; height = 460
load "common.gp"
$origin << END
0 0 0
END
set multiplot layout 1,2
set view 45, 30
set xyplane relative 0.05
set xlabel "{/Symbol q}_1"; set ylabel "{/Symbol q}_2"; set zlabel "C" rotate by 0 offset 2, 0
set xrange [-2.5:2.5]; set yrange [-2.5:2.5]
set palette defined (0 "#16325c", 0.5 "#4f8cc2", 1 "#f3e7b0")
set pm3d scansautomatic # in the order of drawing: the marks stay visible
set title "(a) convex: one minimum"
splot "4.1-convex.dat" with pm3d notitle, $origin with points pt 7 ps 1.2 lc rgb "#7fd68f" notitle
set title "(b) not convex: minima, maxima and saddle points"
set key at screen 0.98, 0.88
splot "4.1-nonconvex.dat" with pm3d notitle, \
      "4.1-points.dat" using 1:2:($4 > 0 ? $3 : NaN) \
        with points pt 7 ps 1.2 lc rgb "#7fd68f" title "minima", \
      "4.1-points.dat" using 1:2:($4 < 0 ? $3 : NaN) \
        with points pt 9 ps 1.2 lc rgb "#1a1a1a" title "maxima", \
      "4.1-points.dat" using 1:2:($4 == 0 ? $3 : NaN) \
        with points pt 5 ps 1.2 lc rgb "#d62728" title "saddle points"
unset multiplot
