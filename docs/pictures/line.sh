#!/usr/bin/env bash
# Draws docs/pictures/line.svg from a run of docs/examples/line.gd. Needs the package gnuplot-nox.
#
#   ./dev build && docs/pictures/line.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
build/release/bin/descent run docs/examples/line.gd --quiet --json "$folder/run.json" >/dev/null
python3 - "$folder" <<'PY'
import json, sys
folder = sys.argv[1]
values = json.load(open(folder + "/run.json"))["values"]
with open(folder + "/loss.txt", "w") as out:
    out.writelines(f"{step} {loss}\n" for step, loss in zip(values["fit"]["step"], values["fit"]["loss"]))
print(f"w = {values['w']}\nb = {values['b']}", file=open(folder + "/fit.gp", "w"))
PY
gnuplot <<GP
load "$folder/fit.gp"
set terminal svg size 860,340 font "sans-serif,13" background "#ffffff"
set output "docs/pictures/line.svg"
set multiplot layout 1,2
set border 3 lc "#888888"
set tics nomirror textcolor "#444444"
set grid lc "#e8e8e8"
set title sprintf("y = %.3f x + (%.3f)", w, b)
set xlabel "x"
set ylabel "y"
set datafile separator ","
plot "docs/examples/points.csv" every ::1 using 1:2 with points pt 7 ps 0.45 lc "#4878cf" notitle, \
  w*x + b with lines lw 2 lc "#d1495b" notitle
set datafile separator whitespace
set title "loss"
set xlabel "step"
unset ylabel
set logscale y
set xrange [0:100]
plot "$folder/loss.txt" with lines lw 2 lc "#d1495b" notitle
unset multiplot
GP
