import "cycle.gd" as me
print me.x
