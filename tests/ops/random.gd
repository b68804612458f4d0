# Random numbers: the bits are the same on all devices. Figures by jax.random (JAX 0.10.2, key 42).
import "support/check.gd" as t

let k = key(t.hidden(42))

test "bits" {
  assert bits(k, 5) == u32([i64(2098992034), 2919706841, 2646866425, 2409546199, 1935504149])
  assert bits(k, (3, 7))[2, :2] == u32([i64(2051079642), 3515353000])
  assert bits(k, 1000)[[31, 32, 255, 256, 999]] == u32([i64(1969816450), 1321672318, 1820328437, 2887068861, 1573048666])
}

# Of each size a sum with weights: another order, or one wrong number, has another sum.
test "sizes" {
  fn weighed(n) = sum(bits(k, n) * u32(1 + arange(n)))
  assert weighed(0) == 0
  assert weighed(1) == 2098992034
  assert weighed(31) == 523653322
  assert weighed(33) == 4093751112
  assert weighed(257) == 4077387944
  assert weighed(1000) == 4189417807
}

test "keys" {
  let parts = split(k, 3)
  assert bits(parts[1], 2) == u32([i64(3125294276), 3383865362])
  assert bits(fold_in(k, t.hidden(7)), 2) == u32([i64(2635269230), 2130978531])
  assert bits(fold_in(k, 8)) != bits(fold_in(k, 7))
  assert vmap(k -> bits(k, 3))(parts)[2] == bits(parts[2], 3)
}

test "uniform and normal" {
  assert f64(uniform(k, 4)) == [f64(0.48870956897735596), 0.6797971725463867, 0.6162714958190918, 0.5610160827636719]
  assert uniform(k, 4, dtype=f64) == [f64(0.4267275666499091), 0.015010069515314584, 0.5741444178995352, 0.7298188969046309]
  assert t.near(uniform(k, 3, dtype=f64, minval=-2.0, maxval=5.0), [f64(0.9870929665493635), -1.894929513392798, 2.0190109252967465], 1e-15)
  assert t.near(normal(k, 4), [f64(-0.02830461598932743), 0.4671318531036377, 0.2957029640674591, 0.15354591608047485], 4e-7)
  assert t.near(normal(k, 4, dtype=f64), [f64(-0.18471174528191162), -2.169824560397754, 0.18693555179382582, 0.6122653570510959], 1e-14)
}

test "distributions" {
  assert randint(k, 8, -5, 20) == [14, 9, 16, 14, 4, 14, -3, 2]
  assert bernoulli(k, 0.3, 8) == [false, false, false, false, false, false, true, false]
  assert categorical(k, log([0.1, 0.2, 0.3, 0.4]), shape=6) == [3, 3, 3, 3, 3, 3]
  assert t.near(exponential(k, 3), f64([0.6708175, 1.1388006, 0.95782]), 1e-6)
  assert t.near(gumbel(k, 3), f64([0.3340934, 0.95201945, 0.72553056]), 1e-6)
  assert t.near(laplace(k, 3), f64([0.022839652, -0.44565356, -0.2646729]), 1e-5)
  assert t.near(truncated_normal(k, -1.0, 2.0, 3), f64([0.14770006, 0.5684449, 0.4210255]), 2e-6)
}

test "choices" {
  assert permutation(k, 7) == [4, 2, 5, 3, 6, 0, 1]
  let p = permutation(k, 257)
  assert sum(p * arange(257)) == 4310394
  assert sort(p) == arange(257)
  assert permutation(k, 10 * arange(7)) == [40, 20, 50, 30, 60, 0, 10]
  assert choice(k, 5, 6) == [4, 4, 1, 4, 4, 4]
  assert choice(k, 5, 4, replace=false) == [4, 2, 3, 0]
  assert choice(k, 4, 6, p=[0.1, 0.2, 0.3, 0.4]) == [2, 2, 2, 2, 2, 2]
}
