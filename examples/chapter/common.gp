# What the figures share: a PNG where gnuplot has Cairo, an SVG elsewhere, and the look of lines and labels.
# The script that loads this has set `name`, `width` and `height`.
if (strstrt(GPVAL_TERMINALS, "pngcairo") > 0) {
  set terminal pngcairo enhanced size width, height font "sans,12" linewidth 1.2
  set output name . ".png"
} else {
  set terminal svg enhanced size width, height font "sans,12" linewidth 1.2 background "white"
  set output name . ".svg"
}

set style line 1 lc rgb "#b3372b" lw 1.6
set style line 2 lc rgb "#1f6f3a" lw 1.6
set style line 3 lc rgb "#20509e" lw 1.6
set style line 9 lc rgb "black" pt 7 ps 1.1
set border lw 0.8
set tics nomirror

# Contours of log10 C, pale where C is large: splot "file.dat" @LOG into a table, to be plotted with palette.
LOG = "using 1:2:(log10($3 + 1e-9))"
set palette defined (0 "#08306b", 0.45 "#4f8cc2", 1 "#d5e3f0")
unset colorbox
set cntrparam levels incremental -1.5, 0.25, 2.5
set cntrparam order 4
