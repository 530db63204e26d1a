name = "figure-4.10"; width = 1000; height = 440
load "common.gp"
set multiplot layout 1,2
set xrange [-1:4.2]; set yrange [-10:45]
set xlabel "{/Symbol q}"
set key top center
do for [panel in "concave convex"] {
  set title panel eq "convex" ? "(b) C'' > 0: to the minimum of Q" : "(a) C'' < 0: to the maximum of Q"
  step = "4.10-" . panel . "-step.dat"
  stats step every ::0::0 using 1 nooutput; from = STATS_min
  stats step every ::0::0 using 2 nooutput; c = STATS_min
  stats step every ::1::1 using 1 nooutput; to = STATS_min
  stats step every ::1::1 using 2 nooutput; q = STATS_min
  set arrow 1 from from, -10 to from, c nohead ls 2
  set arrow 2 from to, -10 to to, q nohead ls 2
  set arrow 3 from -1, c to from, c nohead ls 2 dt 2
  set label 1 "{/Symbol q}^{(t)}" at from, -7.5 right offset -0.5, 0
  set label 2 "{/Symbol q}^{(t+1)}" at to, -7.5 right offset -0.5, 0
  set ytics 10
  set ytics add ("C({/Symbol q}^{(t)})" c)
  plot "4.10-" . panel . ".dat" using 1:2 with lines ls 3 title "C", \
       "4.10-" . panel . ".dat" using 1:3 with lines ls 1 title "Q"
}
unset multiplot
