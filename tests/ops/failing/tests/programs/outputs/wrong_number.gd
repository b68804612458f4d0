print 1.001, "of {3}"
