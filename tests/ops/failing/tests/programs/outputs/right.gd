print 1.00001, "of {3}"
