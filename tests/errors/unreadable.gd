import "no_such_file.gd" as u
print u.x
