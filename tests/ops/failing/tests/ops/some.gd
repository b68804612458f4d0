# What `descent selftest` has to see.
test "right" { assert 1 + 1 == 2 }
test "wrong" { assert 1 + 1 == 3 }
test "beside" {
  let x = [1.0, 2.0]
  assert x[i32(sum(x)) + 4] == 2.0
}
