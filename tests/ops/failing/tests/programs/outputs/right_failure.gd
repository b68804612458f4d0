print 3 == 4
assert sum([1, 2]) == 4
