# --data points=missing.csv --data other=points.csv
data points = "points.csv"
data other = "other.csv"
print points.x, other.x + ones(90)
