// Loops divided among threads: the same bits from any number of them.
#include "tests/reference/RandomProgram.h"
#include "tests/unit/cpu/Harness.h"

#include "compiler/Module.h"
#include "compiler/dialect/Dialect.h"

#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/IR/MLIRContext.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <thread>

namespace descent::tests {
namespace {

/// Lets programs use so many threads while it lives.
class Threads {
public:
  explicit Threads(int count) {
    if (const char *value = std::getenv("DESCENT_THREADS"))
      before = value;
    setenv("DESCENT_THREADS", std::to_string(count).c_str(), 1);
  }
  ~Threads() {
    before ? setenv("DESCENT_THREADS", before->c_str(), 1) : unsetenv("DESCENT_THREADS");
  }

private:
  std::optional<std::string> before;
};

std::vector<Tensor> samplesFor(const std::string &text) {
  compiler::Module module = parse(text);
  auto function = module.state().module->lookupSymbol<mlir::func::FuncOp>("f");
  std::vector<Tensor> arguments;
  for (mlir::Type type : function.getArgumentTypes())
    arguments.push_back(sample(type, unsigned(arguments.size()) + 1));
  return arguments;
}

/// Whether two arrays are the same, nans too.
bool isSame(const Tensor &a, const Tensor &b) {
  return a.dtype == b.dtype && a.dims == b.dims &&
         std::visit(
             [&](const auto &x) {
               const auto &y = std::get<std::decay_t<decltype(x)>>(b.elements);
               return x.size() == y.size() &&
                      (x.empty() ||
                       std::memcmp(x.data(), y.data(), x.size() * sizeof(x[0])) == 0);
             },
             a.elements);
}

/// Whether a function gives the same bits with 1, 2 and 7 threads, and what the evaluator gives.
void expectSameBits(const std::string &text, double relative = 2e-6, double absolute = 1e-6) {
  EXPECT_NE(llvmOf(text).find("@descent_parallel"), std::string::npos) << "is not shared:" << text;
  std::vector<Tensor> arguments = samplesFor(text), expected = evaluateFunction(text, arguments);
  Compiled compiled = compileFunction(text);
  std::vector<Tensor> alone;
  for (int threads : {1, 2, 7}) {
    Threads guard(threads);
    std::vector<Tensor> actual = compiled(arguments);
    if (threads == 1)
      alone = actual;
    for (size_t i = 0; i < actual.size(); ++i) {
      EXPECT_TRUE(isSame(actual[i], alone[i])) << threads << " threads, result " << i;
      EXPECT_TRUE(reference::agree(actual[i], expected[i], relative, absolute))
          << threads << " threads, result " << i << text;
    }
  }
}

std::string withElements(std::string text, const std::string &type) {
  for (size_t at; (at = text.find("T>")) != std::string::npos;)
    text.replace(at, 1, type);
  return text;
}

TEST(Parallel, Elementwise) {
  for (const char *type : {"f32", "f64"})
    expectSameBits(withElements(R"(
      func.func @f(%x: tensor<100003xT>, %y: tensor<100003xT>) -> (tensor<100003xT>, tensor<100003xT>) {
        %0 = descent.mul %x, %y : tensor<100003xT>
        %1 = descent.exp %0 : tensor<100003xT>
        %2 = descent.add %1, %x : tensor<100003xT>
        return %0, %2 : tensor<100003xT>, tensor<100003xT>
      })",
                                type),
                   2e-5, 1e-5);
}

TEST(Parallel, SumsOverTheDividedLoop) {
  for (const char *type : {"f32", "f64"})
    expectSameBits(withElements(R"(
      func.func @f(%x: tensor<1003x257xT>)
          -> (tensor<T>, tensor<257xT>, tensor<1003xT>, tensor<T>) {
        %0 = descent.mul %x, %x : tensor<1003x257xT>
        %1 = descent.reduce_sum %0 [0, 1] : tensor<1003x257xT> to tensor<T>
        %2 = descent.reduce_sum %0 [0] : tensor<1003x257xT> to tensor<257xT>
        %3 = descent.reduce_sum %0 [1] : tensor<1003x257xT> to tensor<1003xT>
        %4 = descent.reduce_max %x [0, 1] : tensor<1003x257xT> to tensor<T>
        return %1, %2, %3, %4 : tensor<T>, tensor<257xT>, tensor<1003xT>, tensor<T>
      })",
                                type),
                   2e-5, 1e-4);
}

TEST(Parallel, OneLongSum) {
  for (const char *type : {"f32", "f64", "i64"})
    expectSameBits(withElements(R"(
      func.func @f(%x: tensor<1000003xT>) -> tensor<T> {
        %0 = descent.mul %x, %x : tensor<1000003xT>
        %1 = descent.reduce_sum %0 [0] : tensor<1000003xT> to tensor<T>
        return %1 : tensor<T>
      })",
                                type),
                   2e-5, 1e-4);
}

TEST(Parallel, RowsInScratchMemory) {
  // The mean, the deviation and the product with another array: a tree of loops over rows.
  for (const char *type : {"f32", "f64"})
    expectSameBits(withElements(R"(
      func.func @f(%x: tensor<701x130xT>) -> (tensor<701x130xT>, tensor<130xT>) {
        %m = descent.reduce_max %x [1] : tensor<701x130xT> to tensor<701xT>
        %mb = descent.broadcast %m [0] : tensor<701xT> to tensor<701x130xT>
        %d = descent.sub %x, %mb : tensor<701x130xT>
        %e = descent.exp %d : tensor<701x130xT>
        %s = descent.reduce_sum %e [1] : tensor<701x130xT> to tensor<701xT>
        %sb = descent.broadcast %s [0] : tensor<701xT> to tensor<701x130xT>
        %p = descent.div %e, %sb : tensor<701x130xT>
        %c = descent.reduce_sum %p [0] : tensor<701x130xT> to tensor<130xT>
        return %p, %c : tensor<701x130xT>, tensor<130xT>
      })",
                                type),
                   2e-5, 1e-5);
}

TEST(Parallel, PositionsAndWhatTheNearestAdd) {
  for (const char *type : {"f32", "f64"})
    expectSameBits(withElements(R"(
      func.func @f(%p: tensor<3001x3xT>, %c: tensor<70x3xT>)
          -> (tensor<3001xi32>, tensor<70x3xT>, tensor<i32>) {
        %zero = descent.constant dense<0.0> : tensor<3001x70x3xT>
        %pb = descent.broadcast %p [0, 2] : tensor<3001x3xT> to tensor<3001x70x3xT>
        %cb = descent.broadcast %c [1, 2] : tensor<70x3xT> to tensor<3001x70x3xT>
        %d = descent.sub %pb, %cb : tensor<3001x70x3xT>
        %q = descent.mul %d, %d : tensor<3001x70x3xT>
        %s = descent.reduce_sum %q [2] : tensor<3001x70x3xT> to tensor<3001x70xT>
        %i = descent.argmin %s 1 : tensor<3001x70xT> to tensor<3001xi32>
        %l = descent.reduce_min %s [1] : tensor<3001x70xT> to tensor<3001xT>
        %lb = descent.broadcast %l [0] : tensor<3001xT> to tensor<3001x70xT>
        %e = descent.compare eq %s, %lb : tensor<3001x70xT>
        %eb = descent.broadcast %e [0, 1] : tensor<3001x70xi1> to tensor<3001x70x3xi1>
        %w = descent.select %eb, %d, %zero : tensor<3001x70x3xi1>, tensor<3001x70x3xT>
        %g = descent.reduce_sum %w [0] : tensor<3001x70x3xT> to tensor<70x3xT>
        %f = descent.argmax %l 0 : tensor<3001xT> to tensor<i32>
        return %i, %g, %f : tensor<3001xi32>, tensor<70x3xT>, tensor<i32>
      })",
                                type),
                   2e-5, 1e-3);
}

TEST(Parallel, ReadsWhatOthersMade) {
  // In a loop, so that one step's chunks read what the chunks of the step before wrote.
  expectSameBits(R"(
    func.func @f(%x: tensor<60001xf64>) -> tensor<60001xf64> {
      %lower = descent.constant dense<0> : tensor<i64>
      %upper = descent.constant dense<9> : tensor<i64>
      %half = descent.constant dense<0.5> : tensor<60001xf64>
      %r = descent.for %lower to %upper iter(%x) : tensor<i64>, (tensor<60001xf64>) {
      ^bb0(%i: tensor<i64>, %v: tensor<60001xf64>):
        %back = descent.reverse %v [0] : tensor<60001xf64>
        %sum = descent.add %v, %back : tensor<60001xf64>
        %sine = descent.sin %sum : tensor<60001xf64>
        %next = descent.mul %sine, %half : tensor<60001xf64>
        descent.yield %next : tensor<60001xf64>
      } to (tensor<60001xf64>)
      return %r : tensor<60001xf64>
    })",
                 1e-9, 1e-9);
}

TEST(Parallel, SeveralCallersOfOneExecutable) {
  std::string text = R"(
    func.func @f(%x: tensor<1003x257xf32>) -> (tensor<f32>, tensor<257xf32>) {
      %0 = descent.exp %x : tensor<1003x257xf32>
      %1 = descent.reduce_sum %0 [0, 1] : tensor<1003x257xf32> to tensor<f32>
      %2 = descent.reduce_sum %0 [0] : tensor<1003x257xf32> to tensor<257xf32>
      return %1, %2 : tensor<f32>, tensor<257xf32>
    })";
  std::vector<Tensor> arguments = samplesFor(text);
  Compiled compiled = compileFunction(text);
  Threads guard(3);
  std::vector<Tensor> expected = compiled(arguments);
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 10; ++round) {
        std::vector<Tensor> actual = compiled(arguments);
        for (size_t i = 0; i < actual.size(); ++i)
          wrong += !isSame(actual[i], expected[i]);
      }
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Parallel, LargeProgramsAreCompiledInParts) {
  // Each step needs the mean of the one before, so none can be joined.
  std::string type = "tensor<50021xf64>",
              text = "func.func @f(%v0: " + type + ") -> (" + type +
                     ", tensor<f64>) {\n"
                     "  %n = descent.constant dense<50021.0> : tensor<f64>\n"
                     "  %s0 = descent.div %n, %n : tensor<f64>\n";
  for (int i = 0; i < 50; ++i) {
    std::string before = std::to_string(i), after = std::to_string(i + 1);
    text += "  %t" + after + " = descent.reduce_sum %v" + before + " [0] : " + type +
            " to tensor<f64>\n  %m" + after + " = descent.div %t" + after +
            ", %n : tensor<f64>\n  %b" + after + " = descent.broadcast %m" + after +
            " [] : tensor<f64> to " + type + "\n  %v" + after + " = descent.sub %v" + before +
            ", %b" + after + " : " + type + "\n  %c" + after + " = descent.cos %s" + before +
            " : tensor<f64>\n  %s" + after + " = descent.add %c" + after + ", %m" + after +
            " : tensor<f64>\n";
  }
  text += "  return %v50, %s50 : " + type + ", tensor<f64>\n}";
  std::string llvm = llvmOf(text);
  EXPECT_NE(llvm.find("call void @kernel"), std::string::npos);
  EXPECT_NE(llvm.find("double @descent_cos_f64"), std::string::npos) << "one for all";
  expectSameBits(text, 1e-9, 1e-9);
}

TEST(Parallel, RandomPrograms) {
  for (uint64_t seed = 15000; seed < 15040; ++seed) {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    context.loadDialect<ir::DescentDialect, mlir::func::FuncDialect>();
    auto program = reference::randomProgram(context, seed, {});
    std::string text;
    llvm::raw_string_ostream(text) << *program.module;
    compiler::CompileOptions options;
    options.shareSmall = true;
    options.streamSmall = seed % 2;
    std::vector<Event> alone;
    for (int threads : {1, 2, 7}) {
      Threads guard(threads);
      std::vector<Event> events = runProgram(text, program.inputs, options);
      if (threads == 1)
        alone = events;
      ASSERT_EQ(events.size(), alone.size()) << "seed " << seed << text;
      for (size_t i = 0; i < events.size(); ++i) {
        ASSERT_EQ(events[i].index, alone[i].index) << "seed " << seed;
        ASSERT_EQ(events[i].operands.size(), alone[i].operands.size()) << "seed " << seed;
        for (size_t k = 0; k < events[i].operands.size(); ++k)
          ASSERT_TRUE(isSame(events[i].operands[k], alone[i].operands[k]))
              << "seed " << seed << ", " << threads << " threads" << text;
      }
    }
    std::vector<Event> expected = program.evaluate();
    for (Event &event : expected)
      if (event.kind == Event::Kind::FailedCheck)
        event.operands.clear();
    auto differs = reference::difference(expected, alone);
    ASSERT_FALSE(differs) << "seed " << seed << ": " << *differs << text;
  }
}

} // namespace
} // namespace descent::tests
