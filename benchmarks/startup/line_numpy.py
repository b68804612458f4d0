"""The line of docs/examples/line.gd in NumPy: line_numpy.py points.csv STEPS prints slope and intercept."""
import sys

import numpy as np

x, y = np.loadtxt(sys.argv[1], delimiter=",", skiprows=1, dtype=np.float32, unpack=True)
w = b = np.float32(0)
for _ in range(int(sys.argv[2])):
    rest = w * x + b - y
    w, b = w - np.float32(0.2) * (rest * x).mean(), b - np.float32(0.2) * rest.mean()
print(float(w), float(b))
