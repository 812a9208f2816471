# SPDX-License-Identifier: GPL-2.0-or-later
# Draws what mapping costs: time by size, a line for each path and kind of pages, with the time that 99 of 100 stay below.
#
#     vfiotool map --bench --csv 01:00.0 >costs.csv
#     gnuplot -e "csv='costs.csv'; svg='costs.svg'" map-cost.gp
if (!exists("csv")) csv = 'costs.csv'
if (!exists("svg")) svg = 'costs.svg'
set terminal svg size 900,600 enhanced background rgb 'white'
set output svg
set datafile separator ','
set logscale xy
set format x '%.0b %BB'
set xtics 4096, 8
set xlabel 'size of the mapping'
set ylabel 'microseconds'
set key left top
set grid
paths = "container iommufd compat"
kinds = "4K thp 2M 1G"
is(path, pages) = strcol(1) eq path && strcol(2) eq pages
plot for [p = 1:3] for [k = 1:4] csv skip 1 \
	using 3:(is(word(paths, p), word(kinds, k)) ? $5 / 1000.0 : NaN):(is(word(paths, p), word(kinds, k)) ? $5 / 1000.0 : NaN):($7 / 1000.0) \
	with yerrorlines title sprintf("map, %s, %s", word(paths, p), word(kinds, k))
