# --set rate=fast --set steps=10 --set sized=3
let rate = 0.1
let sized = len([1.0, 2.0])
print rate, sized
