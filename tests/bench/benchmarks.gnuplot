# docs/benchmarks.csv as bars, ours beside the aim and the peers; logarithmic,
# for the figures lie far apart.
set terminal svg size 960,560 dynamic background "white" font "sans,12"
set output "docs/benchmarks.svg"
set datafile separator comma
set title "Guest instructions, where there is an aim (docs/benchmarks.md)"
set style data histogram
set style histogram clustered gap 1
set style fill solid 0.9 border -1
set boxwidth 0.9
set logscale y
set yrange [10:*]
set ylabel "instructions"
set xtics rotate by -40 left scale 0 font ",10" noenhanced
set grid ytics lc rgb "#cccccc"
set key top left
set rmargin 14
with_aim = "< awk -F, 'NR == 1 || $4 != \"\"' docs/benchmarks.csv"
plot with_aim using 2:xtic(1) skip 1 title "Cordon" lc rgb "#2a6f97", \
     with_aim using 4 skip 1 title "aim" lc rgb "#d9d9d9", \
     with_aim using 5 skip 1 title "seL4, one CPU" lc rgb "#74a57f", \
     with_aim using 6 skip 1 title "Linux 6.1" lc rgb "#c9737a"
