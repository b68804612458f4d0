data d = "points.csv"
print mean(d.x)
print d.name
