name = "figure-4.5"; width = 1000; height = 460
load "common.gp"
set multiplot layout 1,2
set view 45, 20
set xyplane relative 0.05
set xlabel "w_1"; set ylabel "w_2"; set zlabel "C" rotate by 0
set xtics 10; set ytics 10 offset 0.5, 0
set palette defined (0 "#16325c", 0.5 "#4f8cc2", 1 "#f3e7b0")
set pm3d depthorder interpolate 2, 2
set title "(a) squared loss"
splot "4.5-squared.dat" with pm3d notitle
set title "(b) cross entropy"
splot "4.5-entropy.dat" with pm3d notitle
unset multiplot
