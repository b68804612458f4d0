// How often all threads wait for each other, and small arrays that each block has of its own.
#include "tests/unit/gpu/Emulated.h"

#include <gmock/gmock.h>

namespace descent {
namespace {

/// `text` by several blocks, and by one, in several orders: the same bits, and the processor's
/// numbers.
void check(const std::string &text, int64_t libraryWork = 0) {
  SCOPED_TRACE(text);
  Program program(text);
  ASSERT_TRUE(program.program) << program.problems;
  compiler::DeviceTarget target;
  target.threads = 64;
  target.libraryWork = libraryWork;
  try {
    compiler::DeviceCode code = deviceCode(program, target);
    EXPECT_GT(code.image.blockBytes, 0);
    Values alone = emulated(program, code, {64, 1, 1});
    expectNear(program.run(true), alone, text.find("f64") == text.npos ? 5e-5 : 1e-11);
    for (auto [blocks, seed] : {std::pair(2, 2), {3, 3}, {5, 4}})
      expectBits(alone, emulated(program, code, {64, blocks, uint64_t(seed), seed % 2 == 0}));
  } catch (const Error &error) {
    ADD_FAILURE() << error.what();
  }
}

/// Waits of all threads for each other in 16 steps, by the emulator.
int64_t waitsOf16Steps(const std::string &text) {
  auto waitsOf = [&](const std::string &steps) {
    std::string all = text;
    all.replace(all.find("STEPS"), 5, steps);
    Program program(all);
    EXPECT_TRUE(program.program) << program.problems;
    int64_t waits = 0;
    GridShape shape;
    shape.waits = &waits;
    emulated(program, shape);
    return waits;
  };
  return waitsOf("24") - waitsOf("8");
}

std::string rows(int count, int columns) {
  std::string shape = std::to_string(count) + ", " + std::to_string(columns);
  return "let x = reshape(sin(1.0 * arange(prod([" + shape + "]))), (" + shape +
         "))\nlet y = x[:, 0]\n";
}

std::string training(int columns, const std::string &loss, const std::string &how) {
  return rows(600, columns) + "param w = zeros([" + std::to_string(columns) +
         "])\nparam b = 0.0\nfn loss(x, y) = " + loss + "\nlet fit = train loss(x, y) with " + how +
         "\nlet last = w\n";
}

// What goes from all threads to all are parts of sums, once a step; the rest each block does for
// itself, or each thread. Every eighth time a training asks whether it is to end.
TEST(Waits, OfSteps) {
  const std::string linear = "mean((x @ w + b - y)^2)",
                    logistic = "mean(softplus(x @ w) - y * (x @ w))";
  for (int columns : {5, 10, 100})
    EXPECT_EQ(waitsOf16Steps(training(columns, linear, "sgd(rate=0.1), steps=STEPS")), 18);
  EXPECT_EQ(waitsOf16Steps(training(100, logistic, "adam(rate=0.1), steps=STEPS")), 18);
  // A small batch is so little work that each block takes all of it.
  for (auto [batch, waits] : {std::pair(70, 2), {300, 18}})
    EXPECT_EQ(waitsOf16Steps(training(
                  20, linear,
                  "sgd(rate=0.1, momentum=0.9), steps=STEPS, sampling=\"sequential\", batch=" +
                      std::to_string(batch))),
              waits);
  // A mixture of normal distributions.
  EXPECT_EQ(waitsOf16Steps(rows(600, 4) + R"(
param alpha = zeros([5])
param mu = x[:5]
param logs = zeros([5, 4])
fn loss(x) = {
  let z = (x[:, newaxis, :] - mu[newaxis, :, :]) * exp(-logs)
  let l = alpha - logsumexp(alpha) - 0.5 * sum(z^2, axis=2) - sum(logs, axis=1)
  -mean(logsumexp(l, axis=1))
}
let fit = train loss(x) with adam(rate=0.01), steps=STEPS
let last = mu
)"),
            18);
  // Nobody needs what others have.
  EXPECT_EQ(waitsOf16Steps(R"(
fn f(x) = sum(100 * (x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)
var x = zeros([500])
for i in 0..STEPS { x = x - 1e-4 * grad(f)(x) }
let last = x
)"),
            0);
  // What is pending from before a loop is waited for before it.
  EXPECT_EQ(waitsOf16Steps(rows(600, 3) +
                           "var w = zeros([3])\n"
                           "for i in 0..STEPS { w = w + 0.01 * sum(sin(x + w), axis=0) }\n"
                           "let last = w\n"),
            16);
}

// A time that gets into memory or to the host is the first thread's alone; where few of them are
// kept, all threads have them.
TEST(Waits, TimesThatOthersNeed) {
  for (int steps : {6, 20}) {
    Program program(training(100, "mean((x @ w + b - y)^2)",
                             "sgd(rate=0.1), log=2, steps=" + std::to_string(steps)) +
                    "let ordered = all(fit.seconds[1:] >= fit.seconds[:-1])\n"
                    "let known = all(fit.seconds[-1] + zeros([300]) > 0.0)\n");
    ASSERT_TRUE(program.program) << program.problems;
    Values values = emulated(program, {64, 4, 3, false});
    EXPECT_THAT(values.at("ordered"), testing::ElementsAre(1));
    EXPECT_THAT(values.at("known"), testing::ElementsAre(1));
  }
}

// Elements that are put one by one, arrays that are joined, exchanged, and carried by loops and
// branches; tapes.
TEST(Waits, EachBlockHasItsOwn) {
  for (const char *precision : {"f32", "f64"})
    check("precision " + std::string(precision) + "\n" + rows(300, 40) + R"(
fn descend(w0) = {
  var w = w0
  var v = zeros([40])
  var seen = zeros([30])
  for i in 0..6 {
    let g = grad(w -> mean((x @ w - y)^2))(w)
    v = 0.9 * v + g
    if sum(v * v) > 1e-3 { w = w - 0.1 * v } else {
      let old = w
      w = v
      v = old
    }
    seen[5 * i] = sum(w)
    seen[5 * i + 1] = w[i]
    w = concat([w[20:], w[:20]])
  }
  (w, v, seen)
}
let all = descend(0.1 * cos(1.0 * arange(40)))
let through = grad(w -> { let r = descend(w)
  sum(r[0]^2) + sum(r[2]) })(0.1 * cos(1.0 * arange(40)))
)");
}

// What was there before an element was put is still needed.
TEST(Waits, AnArrayBeforeAndAfterAnElementWasPut) {
  check(rows(300, 70) + R"(
var w = 0.1 * cos(1.0 * arange(70))
var v = zeros([70])
for i in 0..6 {
  v = 0.9 * v + grad(w -> mean((x @ w - y)^2))(w)
  let before = v
  v[11 * i] = sum(w)
  w = w - 0.1 * v + 0.001 * before
}
let all = (v, w)
)");
}

// Sums of more parts than each block takes for itself; elements of rows that all make and each
// block then uses; matrices.
TEST(Waits, WhatAllMakeForEachBlock) {
  // Too many parts for each block to take; fewer parts than there would be.
  for (auto [count, columns] : {std::pair(200, 700), {1300, 120}})
    check(rows(count, columns) + "var w = 0.01 * ones([len(x[0])])\n" + R"(
for i in 0..2 { w = w - 0.1 * grad(w -> mean(tanh(x @ w - y)^2))(w) / (1 + norm(w)) }
let last = w
)");
  check("precision f64\n" + rows(300, 30) + R"(
fn loss(w, x, y) = mean((x @ w - y)^2)
fn steps(w0) = {
  var w = w0
  for i in 0..5 {
    let part = x[i * 50 : i * 50 + 50]
    let r = part @ w - y[i * 50 : i * 50 + 50]
    let worst = r / (1 + max(abs(r)))
    w = w - 0.1 * part.T @ (r * (1 + worst[::-1])) / 50 - 0.01 * sum(r^2) * w
  }
  w
}
let last = steps(sin(1.0 * arange(30)))
let m = minimize(w -> loss(w, x, y), zeros([30]), method="bfgs").x
let n = minimize(w -> loss(w, x, y) + 0.01 * sum(w^2), zeros([30]), method="newton").x
)");
}

// Small trees of one block each: what they add up lies beside what their rows need.
TEST(Waits, SmallTreesOfEachBlock) {
  for (const char *precision : {"f32", "f64"})
    check("precision " + std::string(precision) + R"(
fn sinkhorn(c) = {
  var u = ones([18])
  let k = exp(-c)
  for i in 0..4 {
    let v = 1 / (k.T @ u)
    u = 1 / (k @ v)
    let p = softmax(k * u[:, newaxis] * v, axis=1)
    u = u * sum(p * k, axis=1) + sum(p) * mean(p, axis=0)[:18]
  }
  u
}
let c = reshape(sin(1.0 * arange(18 * 22)), (18, 22))
fn norms(c) = {
  let p = exp(c - max(c, axis=1, keepdims=true))
  let s = p / sum(p, axis=1, keepdims=true)
  sum((s - mean(s^2, axis=1, keepdims=true))^2, axis=1)
}
let u = sinkhorn(c)
let v = norms(reshape(sin(1.0 * arange(5 * 30)), (5, 30)))
let g = grad(c -> sum(sinkhorn(c)))(c)
)");
}

// A launch that goes on behind a product of the library finds what its blocks had.
TEST(Waits, OwnArraysOutliveALaunch) {
  check(rows(60, 24) + R"(
var w = 0.1 * sin(1.0 * arange(24 * 5))
var v = zeros([120])
for i in 0..4 {
  let r = tanh(x @ reshape(w, (24, 5)))
  v = 0.9 * v + reshape(x.T @ r, (120))
  w = w - 0.01 * v
}
let last = w
)",
        1);
}

} // namespace
} // namespace descent
