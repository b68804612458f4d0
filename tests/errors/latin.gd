let größe = 1.0
print größe
