// Loops over arrays whose elements do not meet run block by block.
#include "tests/unit/cpu/Harness.h"

#include <cstdlib>
#include <cstring>

namespace descent::tests {
namespace {

std::string replaced(std::string text, const std::string &what, const std::string &by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

/// The program for arrays of `size` elements (N) of type `element` (T).
std::string typed(std::string text, int64_t size, const std::string &element) {
  std::string number = std::to_string(size);
  for (auto [before, after] : {std::pair("<", "x"), {"x", "x"}, {" ", "]"}})
    text = replaced(text, std::string(before) + "N" + after, before + number + after);
  return replaced(replaced(text, "xT>", "x" + element + ">"), "<T>", "<" + element + ">");
}

bool runsByPoints(const std::string &text) {
  compiler::CompileOptions options;
  return compiler::show(parse(text), compiler::Stage::Kernel, options).find("points [") !=
         std::string::npos;
}

constexpr int64_t sizes[] = {0, 1, 3, 8, 33, 100};

void expectPoints(const std::string &text, double single = 1e-5, double twice = 1e-12) {
  for (const char *element : {"f32", "f64"})
    for (int64_t size : sizes) {
      std::string program = typed(text, size, element);
      double tolerance = std::strcmp(element, "f32") == 0 ? single : twice;
      if (size > 1)
        EXPECT_TRUE(runsByPoints(program)) << program;
      expectAgreement(program, tolerance, tolerance);
      if (testing::Test::HasFailure())
        return;
    }
}

// A polynomial and its gradient with respect to the coefficients, as reverse mode writes it.
const char *const polynomial =
    R"(func.func @f(%x: tensor<6xT>, %t: tensor<NxT>) -> (tensor<NxT>, tensor<T>, tensor<6xT>) {
  %zero = descent.constant dense<0> : tensor<i32>
  %six = descent.constant dense<6> : tensor<i32>
  %five = descent.constant dense<5> : tensor<i32>
  %half = descent.constant dense<0.5> : tensor<NxT>
  %none = descent.constant dense<0.0> : tensor<NxT>
  %one = descent.constant dense<1.0> : tensor<NxT>
  %dx0 = descent.constant dense<0.0> : tensor<6xT>
  %u = descent.mul %t, %half : tensor<NxT>
  %tape = descent.tape_create : <tensor<NxT>>
  %r:3 = descent.for %zero to %six iter(%none, %one, %tape) : tensor<i32>, (tensor<NxT>, tensor<NxT>, !descent.tape<tensor<NxT>>) {
  ^bb0(%i: tensor<i32>, %s: tensor<NxT>, %p: tensor<NxT>, %tp: !descent.tape<tensor<NxT>>):
    %tq = descent.tape_push %tp, %p : <tensor<NxT>>, tensor<NxT>
    %box = descent.dynamic_slice %x[%i] sizes [1] : tensor<6xT>, tensor<i32> to tensor<1xT>
    %c = descent.reshape %box : tensor<1xT> to tensor<T>
    %cb = descent.broadcast %c [] : tensor<T> to tensor<NxT>
    %m = descent.mul %cb, %p : tensor<NxT>
    %s2 = descent.add %s, %m : tensor<NxT>
    %p2 = descent.mul %p, %u : tensor<NxT>
    descent.yield %s2, %p2, %tq : tensor<NxT>, tensor<NxT>, !descent.tape<tensor<NxT>>
  } to (tensor<NxT>, tensor<NxT>, !descent.tape<tensor<NxT>>)
  %e = descent.sub %r#0, %t : tensor<NxT>
  %q = descent.mul %e, %e : tensor<NxT>
  %loss = descent.reduce_sum %q [0] : tensor<NxT> to tensor<T>
  %g:2 = descent.for %zero to %six iter(%dx0, %r#2) : tensor<i32>, (tensor<6xT>, !descent.tape<tensor<NxT>>) {
  ^bb0(%i: tensor<i32>, %dx: tensor<6xT>, %tp: !descent.tape<tensor<NxT>>):
    %k = descent.sub %five, %i : tensor<i32>
    %rest, %p = descent.tape_pop %tp : <tensor<NxT>>, tensor<NxT>
    %m = descent.mul %e, %p : tensor<NxT>
    %d = descent.reduce_sum %m [0] : tensor<NxT> to tensor<T>
    %d1 = descent.reshape %d : tensor<T> to tensor<1xT>
    %before = descent.dynamic_slice %dx[%k] sizes [1] : tensor<6xT>, tensor<i32> to tensor<1xT>
    %sum = descent.add %before, %d1 : tensor<1xT>
    %dx2 = descent.update %dx, %sum[%k] : tensor<6xT>, tensor<1xT>, tensor<i32>
    descent.yield %dx2, %rest : tensor<6xT>, !descent.tape<tensor<NxT>>
  } to (tensor<6xT>, !descent.tape<tensor<NxT>>)
  return %e, %loss, %g#0 : tensor<NxT>, tensor<T>, tensor<6xT>
})";

TEST(Points, PolynomialAndItsGradient) {
  expectPoints(polynomial, 2e-3, 1e-9);
}

TEST(Points, ArraysThatChangePlaces) {
  // Initial values that are used again, and a loop that may not run at all.
  std::string text =
      R"(func.func @f(%n: tensor<i32>, %x: tensor<NxT>, %y: tensor<NxT>) -> (tensor<NxT>, tensor<NxT>, tensor<NxT>) {
    %zero = descent.constant dense<0> : tensor<i32>
    %r:2 = descent.for %zero to %n iter(%x, %y) : tensor<i32>, (tensor<NxT>, tensor<NxT>) {
    ^bb0(%i: tensor<i32>, %a: tensor<NxT>, %b: tensor<NxT>):
      %c = descent.sub %a, %x : tensor<NxT>
      descent.yield %b, %c : tensor<NxT>, tensor<NxT>
    } to (tensor<NxT>, tensor<NxT>)
    %s = descent.add %r#0, %y : tensor<NxT>
    %t:2 = descent.for %zero to %n iter(%r#1, %s) : tensor<i32>, (tensor<NxT>, tensor<NxT>) {
    ^bb0(%i: tensor<i32>, %a: tensor<NxT>, %b: tensor<NxT>):
      %c = descent.add %a, %s : tensor<NxT>
      descent.yield %c, %a : tensor<NxT>, tensor<NxT>
    } to (tensor<NxT>, tensor<NxT>)
    %u = descent.sub %t#0, %r#1 : tensor<NxT>
    return %r#0, %u, %t#1 : tensor<NxT>, tensor<NxT>, tensor<NxT>
  })";
  for (double trips : {-2.0, 0.0, 1.0, 2.0, 5.0})
    for (int64_t size : {1, 2, 33, 100}) {
      std::string program = typed(text, size, "f64");
      std::string array = "tensor<" + std::to_string(size) + "xf64>";
      expectAgreement(program, {i32({}, {trips}), sample(array, 1), sample(array, 2)}, 0, 0);
      EXPECT_EQ(runsByPoints(program), size > 1);
    }
}

// An empty tape gives zeros; a row that is popped is pushed over in the same iteration.
TEST(Points, Tapes) {
  expectPoints(R"(func.func @f(%x: tensor<NxT>) -> (tensor<NxT>, tensor<T>) {
    %zero = descent.constant dense<0> : tensor<i32>
    %three = descent.constant dense<3> : tensor<i32>
    %five = descent.constant dense<5> : tensor<i32>
    %k = descent.constant dense<0.5> : tensor<T>
    %tape = descent.tape_create : <tensor<NxT>>
    %numbers = descent.tape_create : <tensor<T>>
    %r:4 = descent.for %zero to %three iter(%x, %tape, %numbers, %k) : tensor<i32>, (tensor<NxT>, !descent.tape<tensor<NxT>>, !descent.tape<tensor<T>>, tensor<T>) {
    ^bb0(%i: tensor<i32>, %a: tensor<NxT>, %tp: !descent.tape<tensor<NxT>>, %np: !descent.tape<tensor<T>>, %c: tensor<T>):
      %s = descent.sin %a : tensor<NxT>
      %tq = descent.tape_push %tp, %s : <tensor<NxT>>, tensor<NxT>
      %rest, %top = descent.tape_pop %tq : <tensor<NxT>>, tensor<NxT>
      %d = descent.mul %top, %x : tensor<NxT>
      %tr = descent.tape_push %rest, %d : <tensor<NxT>>, tensor<NxT>
      %nq = descent.tape_push %np, %c : <tensor<T>>, tensor<T>
      %c2 = descent.cos %c : tensor<T>
      %cb = descent.broadcast %c2 [] : tensor<T> to tensor<NxT>
      %e = descent.add %top, %cb : tensor<NxT>
      descent.yield %e, %tr, %nq, %c2 : tensor<NxT>, !descent.tape<tensor<NxT>>, !descent.tape<tensor<T>>, tensor<T>
    } to (tensor<NxT>, !descent.tape<tensor<NxT>>, !descent.tape<tensor<T>>, tensor<T>)
    %t:4 = descent.for %zero to %five iter(%r#0, %r#1, %r#2, %k) : tensor<i32>, (tensor<NxT>, !descent.tape<tensor<NxT>>, !descent.tape<tensor<T>>, tensor<T>) {
    ^bb0(%i: tensor<i32>, %a: tensor<NxT>, %tp: !descent.tape<tensor<NxT>>, %np: !descent.tape<tensor<T>>, %sum: tensor<T>):
      %rest, %top = descent.tape_pop %tp : <tensor<NxT>>, tensor<NxT>
      %none, %c = descent.tape_pop %np : <tensor<T>>, tensor<T>
      %cb = descent.broadcast %c [] : tensor<T> to tensor<NxT>
      %d = descent.mul %top, %cb : tensor<NxT>
      %e = descent.add %a, %d : tensor<NxT>
      %m = descent.reduce_max %e [0] : tensor<NxT> to tensor<T>
      %scaled = descent.mul %m, %c : tensor<T>
      %next = descent.add %sum, %scaled : tensor<T>
      descent.yield %e, %rest, %none, %next : tensor<NxT>, !descent.tape<tensor<NxT>>, !descent.tape<tensor<T>>, tensor<T>
    } to (tensor<NxT>, !descent.tape<tensor<NxT>>, !descent.tape<tensor<T>>, tensor<T>)
    return %t#0, %t#3 : tensor<NxT>, tensor<T>
  })");
}

// Sums in a loop inside a loop, each used after that loop, and bools and integers of points.
TEST(Points, SumsOfInnerLoops) {
  expectPoints(
      R"(func.func @f(%x: tensor<NxT>, %w: tensor<3xT>) -> (tensor<NxT>, tensor<NxT>, tensor<3xT>, tensor<i32>, tensor<i1>) {
    %zero = descent.constant dense<0> : tensor<i32>
    %one = descent.constant dense<1.0> : tensor<NxT>
    %two = descent.constant dense<2> : tensor<i32>
    %three = descent.constant dense<3> : tensor<i32>
    %none = descent.constant dense<0.0> : tensor<NxT>
    %yes = descent.constant dense<true> : tensor<i1>
    %r:5 = descent.for %zero to %three iter(%x, %none, %w, %zero, %yes) : tensor<i32>, (tensor<NxT>, tensor<NxT>, tensor<3xT>, tensor<i32>, tensor<i1>) {
    ^bb0(%i: tensor<i32>, %a: tensor<NxT>, %count: tensor<NxT>, %v: tensor<3xT>, %n: tensor<i32>, %all: tensor<i1>):
      %box = descent.dynamic_slice %w[%i] sizes [1] : tensor<3xT>, tensor<i32> to tensor<1xT>
      %c = descent.reshape %box : tensor<1xT> to tensor<T>
      %cb = descent.broadcast %c [] : tensor<T> to tensor<NxT>
      %q:3 = descent.for %zero to %two iter(%a, %count, %v) : tensor<i32>, (tensor<NxT>, tensor<NxT>, tensor<3xT>) {
      ^bb0(%j: tensor<i32>, %e: tensor<NxT>, %m: tensor<NxT>, %u: tensor<3xT>):
        %s = descent.sin %e : tensor<NxT>
        %f = descent.add %s, %cb : tensor<NxT>
        %big = descent.compare gt %f, %one : tensor<NxT>
        %more = descent.add %m, %one : tensor<NxT>
        %m2 = descent.select %big, %more, %m : tensor<Nxi1>, tensor<NxT>
        %sum = descent.reduce_sum %f [0] : tensor<NxT> to tensor<T>
        %sum1 = descent.reshape %sum : tensor<T> to tensor<1xT>
        %k = descent.add %i, %j : tensor<i32>
        %before = descent.dynamic_slice %u[%k] sizes [1] : tensor<3xT>, tensor<i32> to tensor<1xT>
        %after = descent.add %before, %sum1 : tensor<1xT>
        %u2 = descent.update %u, %after[%k] : tensor<3xT>, tensor<1xT>, tensor<i32>
        descent.yield %f, %m2, %u2 : tensor<NxT>, tensor<NxT>, tensor<3xT>
      } to (tensor<NxT>, tensor<NxT>, tensor<3xT>)
      %ints = descent.convert %q#1 : tensor<NxT> to tensor<Nxi32>
      %least = descent.reduce_min %ints [0] : tensor<Nxi32> to tensor<i32>
      %n2 = descent.add %n, %least : tensor<i32>
      %less = descent.compare lt %q#0, %a : tensor<NxT>
      %any = descent.reduce_or %less [0] : tensor<Nxi1> to tensor<i1>
      %all2 = descent.and %all, %any : tensor<i1>
      descent.yield %q#0, %q#1, %q#2, %n2, %all2 : tensor<NxT>, tensor<NxT>, tensor<3xT>, tensor<i32>, tensor<i1>
    } to (tensor<NxT>, tensor<NxT>, tensor<3xT>, tensor<i32>, tensor<i1>)
    return %r#0, %r#1, %r#2, %r#3, %r#4 : tensor<NxT>, tensor<NxT>, tensor<3xT>, tensor<i32>, tensor<i1>
  })",
      1e-4, 1e-11);
}

// Rows of another array by the loop's counter, a table looked up by each point, repeated numbers,
// two shapes of the same points.
TEST(Points, OtherArrays) {
  expectPoints(
      R"(func.func @f(%x: tensor<Nx3xT>, %rows: tensor<4xNxT>, %w: tensor<3xT>, %table: tensor<5xT>) -> (tensor<Nx3xT>, tensor<NxT>) {
    %zero = descent.constant dense<0> : tensor<i32>
    %four = descent.constant dense<4> : tensor<i32>
    %two = descent.constant dense<2.0> : tensor<NxT>
    %r = descent.for %zero to %four iter(%x) : tensor<i32>, (tensor<Nx3xT>) {
    ^bb0(%i: tensor<i32>, %a: tensor<Nx3xT>):
      %wb = descent.broadcast %w [1] : tensor<3xT> to tensor<Nx3xT>
      %m = descent.mul %a, %wb : tensor<Nx3xT>
      %row = descent.dynamic_slice %rows[%i, %zero] sizes [1, N] : tensor<4xNxT>, tensor<i32>, tensor<i32> to tensor<1xNxT>
      %flat = descent.reshape %row : tensor<1xNxT> to tensor<NxT>
      %rb = descent.broadcast %flat [0] : tensor<NxT> to tensor<Nx3xT>
      %s = descent.add %m, %rb : tensor<Nx3xT>
      %t = descent.tanh %s : tensor<Nx3xT>
      descent.yield %t : tensor<Nx3xT>
    } to (tensor<Nx3xT>)
    %first = descent.slice %rows [0, 0] to [1, N] by [1, 1] : tensor<4xNxT> to tensor<1xNxT>
    %start = descent.reshape %first : tensor<1xNxT> to tensor<NxT>
    %q = descent.for %zero to %four iter(%start) : tensor<i32>, (tensor<NxT>) {
    ^bb0(%i: tensor<i32>, %a: tensor<NxT>):
      %up = descent.mul %a, %two : tensor<NxT>
      %at = descent.convert %up : tensor<NxT> to tensor<Nxi32>
      %found = descent.gather %table, %at axis 0 batch 0 : tensor<5xT>, tensor<Nxi32> to tensor<NxT>
      %b = descent.sub %found, %a : tensor<NxT>
      descent.yield %b : tensor<NxT>
    } to (tensor<NxT>)
    return %r, %q : tensor<Nx3xT>, tensor<NxT>
  })");
}

// Elements that meet, sums that come back, and effects keep a loop as it is.
TEST(Points, OthersStayAsTheyAre) {
  const char *loop = R"(func.func @f(%x: tensor<100xf64>) -> tensor<100xf64> {
    %zero = descent.constant dense<0> : tensor<i32>
    %four = descent.constant dense<4> : tensor<i32>
    %r = descent.for %zero to %four iter(%x) : tensor<i32>, (tensor<100xf64>) {
    ^bb0(%i: tensor<i32>, %a: tensor<100xf64>):
      BODY
      %c = descent.add %a, %b : tensor<100xf64>
      descent.yield %c : tensor<100xf64>
    } to (tensor<100xf64>)
    return %r : tensor<100xf64>
  })";
  for (const char *body :
       {"%b = descent.reverse %a [0] : tensor<100xf64>",
        "%s = descent.reduce_max %a [0] : tensor<100xf64> to tensor<f64>\n"
        "%b = descent.broadcast %s [] : tensor<f64> to tensor<100xf64>",
        "%b = descent.cumsum %a 0 : tensor<100xf64>",
        "%b = descent.sin %a : tensor<100xf64>\n descent.effect 0 (%i) : (tensor<i32>)"}) {
    std::string program = replaced(loop, "BODY", body);
    EXPECT_FALSE(runsByPoints(program)) << program;
  }
}

TEST(Points, ThreadsMakeNoDifference) {
  for (const char *element : {"f32", "f64"}) {
    std::string text = typed(polynomial, 20011, element);
    EXPECT_NE(llvmOf(text).find("@descent_parallel"), std::string::npos);
    Compiled compiled = compileFunction(text);
    std::vector<Tensor> arguments = {sample("tensor<6x" + std::string(element) + ">", 1),
                                     sample("tensor<20011x" + std::string(element) + ">", 2)};
    const char *before = std::getenv("DESCENT_THREADS");
    std::string restore = before ? before : "";
    std::vector<Tensor> alone;
    for (const char *threads : {"1", "2", "7"}) {
      setenv("DESCENT_THREADS", threads, 1);
      std::vector<Tensor> results = compiled(arguments);
      if (alone.empty())
        alone = results;
      for (size_t i = 0; i < results.size(); ++i)
        for (int64_t at = 0; at < results[i].size(); ++at)
          ASSERT_EQ(results[i].number(at), alone[i].number(at)) << threads << " threads";
    }
    before ? setenv("DESCENT_THREADS", restore.c_str(), 1) : unsetenv("DESCENT_THREADS");
  }
}

} // namespace
} // namespace descent::tests
