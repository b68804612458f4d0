"""The line of docs/examples/line.gd in PyTorch: line_torch.py points.csv STEPS prints slope and intercept."""
import sys

import numpy as np
import torch

x, y = map(torch.from_numpy, np.loadtxt(sys.argv[1], delimiter=",", skiprows=1, dtype=np.float32, unpack=True))
p = torch.zeros(2, requires_grad=True)
for _ in range(int(sys.argv[2])):
    gradient, = torch.autograd.grad(((p[0] * x + p[1] - y) ** 2).mean(), p)
    with torch.no_grad():
        p -= 0.1 * gradient
print(float(p[0]), float(p[1]))
