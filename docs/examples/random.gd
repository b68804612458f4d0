# Counter-based random numbers: the same bits everywhere.
print bits(key(0), [5])
print uniform(key(0), [5])
print normal(key(0), [5])
print split(key(0))
