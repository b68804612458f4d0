# Run by `descent test`: see CMakeLists.txt.
let x = 1
assert x == 2, "never true"
test "one" { assert x == 1, "one is wrong" }
test "two" { assert x == 3, "two is wrong" }
