print "Î± caf\u{e9} ok"
print "café {1 + 1} ÿ"
