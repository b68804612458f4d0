// Products of matrices against sums in long double, over sizes around those of tiles, vectors and
// blocks.
#include "tests/unit/cpu/Harness.h"

#include "compiler/Module.h"
#include "compiler/cpu/CodeGen.h"
#include "compiler/cpu/Jit.h"
#include "compiler/cpu/Target.h"
#include "compiler/cpu/matmul/Blocking.h"
#include "descent/Array.h"
#include "runtime/abi/RunContext.h"

#include <cmath>
#include <cstdlib>
#include <functional>
#include <random>

namespace descent::tests {
namespace {

struct Size {
  int64_t m, n, k;
};

std::string tensorText(std::initializer_list<int64_t> dims, const std::string &element) {
  std::string text = "tensor<";
  for (int64_t dim : dims)
    text += std::to_string(dim) + "x";
  return text + element + ">";
}

struct Form {
  bool lhsTurned, rhsTurned;
};

/// A function with one product for each size; all in one module, so that they share code.
std::string productsText(const std::vector<Size> &sizes, Form form, const std::string &element) {
  std::string parameters, results, types, body;
  for (size_t i = 0; i < sizes.size(); ++i) {
    auto [m, n, k] = sizes[i];
    std::string lhs = form.lhsTurned ? tensorText({k, m}, element) : tensorText({m, k}, element);
    std::string rhs = form.rhsTurned ? tensorText({n, k}, element) : tensorText({k, n}, element);
    std::string to = tensorText({m, n}, element), number = std::to_string(i);
    std::string comma = i ? ", " : "";
    parameters += comma + "%x" + number + ": " + lhs + ", %y" + number + ": " + rhs;
    results += comma + "%z" + number;
    types += comma + to;
    body += "  %z" + number + " = descent.dot %x" + number + ", %y" + number +
            " batch [] x [] contract [" + (form.lhsTurned ? "0" : "1") + "] x [" +
            (form.rhsTurned ? "1" : "0") + "] : " + lhs + ", " + rhs + " to " + to + "\n";
  }
  return "func.func @f(" + parameters + ") -> (" + types + ") {\n" + body + "  return " + results +
         " : " + types + "\n}";
}

const Form allForms[] = {{false, false}, {true, false}, {false, true}, {true, true}};

std::vector<Tensor> operandsOf(const std::vector<Size> &sizes, Form form,
                               const std::string &element) {
  std::vector<Tensor> operands;
  for (auto [m, n, k] : sizes) {
    auto seed = unsigned(operands.size());
    operands.push_back(sample(
        form.lhsTurned ? tensorText({k, m}, element) : tensorText({m, k}, element), seed + 1));
    operands.push_back(sample(
        form.rhsTurned ? tensorText({n, k}, element) : tensorText({k, n}, element), seed + 2));
  }
  return operands;
}

/// `result(i, j)`: element j of product i. The bound is that for sums in any order.
void expectSums(const std::vector<Size> &sizes, Form form, const std::string &element,
                const std::vector<Tensor> &operands,
                const std::function<double(size_t, int64_t)> &result) {
  double unit = element == "f32" ? 6e-8 : 1.2e-16;
  for (size_t i = 0; i < sizes.size(); ++i) {
    auto [m, n, k] = sizes[i];
    const Tensor &x = operands[2 * i], &y = operands[2 * i + 1];
    int64_t wrong = 0;
    for (int64_t r = 0; r < m; ++r)
      for (int64_t c = 0; c < n; ++c) {
        long double sum = 0, size = 0;
        for (int64_t t = 0; t < k; ++t) {
          long double term = (long double)x.number(form.lhsTurned ? t * m + r : r * k + t) *
                             y.number(form.rhsTurned ? c * k + t : t * n + c);
          sum += term;
          size += std::abs(term);
        }
        double error = double(std::abs(sum - (long double)result(i, r * n + c)));
        wrong += !(error <= double(k + 1) * unit * double(size));
      }
    EXPECT_EQ(wrong, 0) << element << " " << m << "x" << n << "x" << k
                        << (form.lhsTurned ? " T" : " N") << (form.rhsTurned ? "T" : "N");
  }
}

void expectProducts(const std::vector<Size> &sizes, const std::string &element) {
  for (Form form : allForms) {
    std::vector<Tensor> operands = operandsOf(sizes, form, element);
    std::vector<Tensor> results = compileFunction(productsText(sizes, form, element))(operands);
    expectSums(sizes, form, element, operands,
               [&](size_t i, int64_t j) { return results[i].number(j); });
  }
}

/// The same by code for a processor of another kind, which this one can run.
template <typename T>
void expectProductsOn(const cpu::Host &host, const std::vector<Size> &sizes, Form form) {
  std::string element = sizeof(T) == 4 ? "f32" : "f64";
  std::vector<Tensor> operands = operandsOf(sizes, form, element);
  compiler::Module module = parse(productsText(sizes, form, element));
  cpu::ProgramPlan plan = cpu::planProgram(*module.state().module, {});
  auto machine = cpu::makeMachine(cpu::hostProcessor());
  llvm::LLVMContext context;
  auto code =
      cpu::generate(plan, context, machine->createDataLayout(), machine->getTargetTriple(), host);
  cpu::optimize(*code, *machine);
  cpu::LoadedCode loaded(cpu::emitCode(*code, *machine, llvm::CodeGenFileType::ObjectFile));
  using Function = int (*)(void *, const void *const *, void *const *, void *);
  auto function = reinterpret_cast<Function>(loaded.find(cpu::symbolOf("f")));

  std::vector<std::vector<T>> arguments, results;
  for (const Tensor &operand : operands) {
    arguments.emplace_back(size_t(operand.size()));
    for (int64_t i = 0; i < operand.size(); ++i)
      arguments.back()[size_t(i)] = T(operand.number(i));
  }
  // A margin behind each result must stay as it is.
  constexpr size_t margin = 64;
  for (auto [m, n, k] : sizes)
    results.emplace_back(size_t(m * n) + margin, T(12345));
  std::vector<const void *> from;
  std::vector<void *> to;
  for (auto &each : arguments)
    from.push_back(each.data());
  for (auto &each : results)
    to.push_back(each.data());
  Array arena = Array::uninitialized(DType::Bool, {plan.arenaBytes + 1});
  abi::RunContext run({}, {}, {});
  ASSERT_EQ(function(&run, from.data(), to.data(), arena.mutableData()), 0);
  expectSums(sizes, form, element, operands,
             [&](size_t i, int64_t j) { return double(results[i][size_t(j)]); });
  for (auto &each : results)
    for (size_t i = each.size() - margin; i < each.size(); ++i)
      EXPECT_EQ(each[i], T(12345));
}

TEST(Product, VectorsOfOtherProcessors) {
  const std::vector<Size> sizes = {{9, 10, 11}, {17, 31, 40}, {14, 2, 17}};
  for (const cpu::Host &host : {cpu::Host{16, 16, false}, {16, 32, false}, {32, 16, true}})
    for (Form form : {Form{false, false}, {true, true}}) {
      expectProductsOn<float>(host, sizes, form);
      if (host.vectorBytes == 32)
        expectProductsOn<double>(host, sizes, form);
    }
}

TEST(Product, SizesAroundVectorsAndTiles) {
  for (std::string element : {"f32", "f64"}) {
    std::mt19937 random(7);
    const int64_t edges[] = {2,  3,  4,  5,  7,  8,  9,  13, 14, 15, 16,
                             17, 23, 24, 25, 31, 32, 33, 48, 49, 65};
    auto edge = [&] { return edges[random() % std::size(edges)]; };
    std::vector<Size> sizes;
    for (int i = 0; i < 14; ++i)
      sizes.push_back({edge(), edge(), edge()});
    sizes.push_back({2, 65, 1});
    sizes.push_back({129, 2, 3});
    expectProducts(sizes, element);
  }
}

TEST(Product, SumsInSeveralBlocks) {
  expectProducts({{5, 20, 256}, {5, 20, 257}, {17, 33, 513}, {3, 2, 1200}}, "f32");
  expectProducts({{5, 20, 192}, {17, 33, 385}}, "f64");
}

TEST(Product, RightOperandsInSeveralBlocks) {
  // As long as the working memory that they get holds the terms of one block only for some columns.
  int64_t columns = cpu::productScratchLimit(cpu::thisHost()) / 4 / 256 + 40;
  expectProducts({{70, columns, 260}}, "f32");
}

TEST(Product, TermsInParts) {
  for (Form form : {Form{true, false}, {false, true}}) {
    const std::vector<Size> sizes = {{29, 20, 16001}};
    std::vector<Tensor> operands = operandsOf(sizes, form, "f64");
    std::vector<Tensor> results = compileFunction(productsText(sizes, form, "f64"))(operands);
    expectSums(sizes, form, "f64", operands,
               [&](size_t i, int64_t j) { return results[i].number(j); });
  }
}

TEST(Product, RowsThatAreFinishedOneAfterTheOther) {
  // Terms in several blocks, and a right operand that fits the cache.
  expectProducts({{500, 40, 600}}, "f32");
}

TEST(Product, LeftOperandsFarApart) {
  expectProducts({{17, 100, 1024}, {520, 97, 30}}, "f32");
}

/// The bits of a function's results, run by so many threads.
std::vector<Tensor> runBy(int threads, const Compiled &compiled,
                          const std::vector<Tensor> &operands) {
  setenv("DESCENT_THREADS", std::to_string(threads).c_str(), 1);
  std::vector<Tensor> results = compiled(operands);
  unsetenv("DESCENT_THREADS");
  return results;
}

TEST(Product, SameBitsForAnyNumberOfThreads) {
  // The third one is divided by rows and columns, with terms in several blocks; the last one's
  // terms are divided.
  const std::vector<Size> sizes = {
      {200, 150, 300}, {20, 1500, 270}, {230, 130, 530}, {33, 31, 17000}};
  for (Form form : {Form{false, false}, {true, true}}) {
    std::vector<Tensor> operands = operandsOf(sizes, form, "f32");
    std::string text = productsText(sizes, form, "f32");
    EXPECT_NE(llvmOf(text).find("@descent_parallel"), std::string::npos);
    Compiled compiled = compileFunction(text);
    std::vector<Tensor> alone = runBy(1, compiled, operands);
    expectSums(sizes, form, "f32", operands,
               [&](size_t i, int64_t j) { return alone[i].number(j); });
    for (int threads : {2, 7}) {
      std::vector<Tensor> shared = runBy(threads, compiled, operands);
      for (size_t i = 0; i < alone.size(); ++i)
        EXPECT_EQ(shared[i].elements, alone[i].elements) << threads << " threads";
    }
  }
}

TEST(Product, ManyProductsAreSharedAsWholes) {
  std::string text =
      R"(func.func @f(%x: tensor<16x48x80xf32>, %y: tensor<16x90x80xf32>) -> tensor<16x48x90xf32> {
    %z = descent.dot %x, %y batch [0] x [0] contract [2] x [2] : tensor<16x48x80xf32>, tensor<16x90x80xf32> to tensor<16x48x90xf32>
    return %z : tensor<16x48x90xf32>
  })";
  EXPECT_NE(llvmOf(text).find("@descent_parallel"), std::string::npos);
  std::vector<Tensor> operands = {sample("tensor<16x48x80xf32>", 1),
                                  sample("tensor<16x90x80xf32>", 2)};
  std::vector<Tensor> expected = evaluateFunction(text, operands);
  Compiled compiled = compileFunction(text);
  for (int threads : {1, 2, 7})
    EXPECT_TRUE(reference::agree(runBy(threads, compiled, operands)[0], expected[0], 1e-4, 1e-3));
}

TEST(Product, Batches) {
  for (std::string element : {"f32", "f64"}) {
    auto agree = [&](std::string lhs, std::string rhs, std::string to, std::string dims) {
      lhs = "tensor<" + lhs + element + ">";
      rhs = "tensor<" + rhs + element + ">";
      to = "tensor<" + to + element + ">";
      expectAgreement("func.func @f(%x: " + lhs + ", %y: " + rhs + ") -> " + to +
                          " {\n %z = descent.dot %x, %y " + dims + " : " + lhs + ", " + rhs +
                          " to " + to + "\n return %z : " + to + "\n}",
                      1e-4, 1e-4);
    };
    agree("3x9x20x", "3x20x17x", "3x9x17x", "batch [0] x [0] contract [2] x [1]");
    agree("9x3x20x", "17x20x3x", "3x9x17x", "batch [1] x [2] contract [2] x [1]");
    // Several free and contracted dimensions, in memory in another order.
    agree("4x5x3x7x", "3x6x5x2x", "4x7x6x2x", "batch [] x [] contract [1, 2] x [2, 0]");
    agree("5x4x3x7x", "5x3x6x2x", "4x7x6x2x", "batch [] x [] contract [0, 2] x [0, 1]");
    agree("2x4x3x8x6x", "2x6x3x4x9x", "2x4x8x9x", "batch [0, 1] x [0, 3] contract [2, 4] x [2, 1]");
  }
}

TEST(Product, OperandsThatAreMovedMemory) {
  expectAgreement(
      R"(func.func @f(%x: tensor<20x30xf32>, %y: tensor<30x18xf32>, %h: tensor<6x4x5xf32>, %v: tensor<10xf32>) -> (tensor<10x9xf32>, tensor<20x18xf32>, tensor<24x24xf32>, tensor<7x18xf32>, tensor<20x18xf32>, tensor<20x10xf32>) {
    %xs = descent.slice %x [1, 2] to [20, 30] by [2, 3] : tensor<20x30xf32> to tensor<10x10xf32>
    %ys = descent.slice %y [3, 1] to [22, 18] by [2, 2] : tensor<30x18xf32> to tensor<10x9xf32>
    %a = descent.dot %xs, %ys batch [] x [] contract [1] x [0] : tensor<10x10xf32>, tensor<10x9xf32> to tensor<10x9xf32>
    %xr = descent.reverse %x [0, 1] : tensor<20x30xf32>
    %b = descent.dot %xr, %y batch [] x [] contract [1] x [0] : tensor<20x30xf32>, tensor<30x18xf32> to tensor<20x18xf32>
    %ht = descent.transpose %h [1, 0, 2] : tensor<6x4x5xf32> to tensor<4x6x5xf32>
    %hr = descent.reshape %ht : tensor<4x6x5xf32> to tensor<24x5xf32>
    %c = descent.dot %hr, %hr batch [] x [] contract [1] x [1] : tensor<24x5xf32>, tensor<24x5xf32> to tensor<24x24xf32>
    %xf = descent.slice %x [0, 0] to [20, 30] by [3, 1] : tensor<20x30xf32> to tensor<7x30xf32>
    %yr = descent.reverse %y [1] : tensor<30x18xf32>
    %d = descent.dot %xf, %yr batch [] x [] contract [1] x [0] : tensor<7x30xf32>, tensor<30x18xf32> to tensor<7x18xf32>
    %xe = descent.exp %x : tensor<20x30xf32>
    %e = descent.dot %xe, %y batch [] x [] contract [1] x [0] : tensor<20x30xf32>, tensor<30x18xf32> to tensor<20x18xf32>
    %vb = descent.broadcast %v [1] : tensor<10xf32> to tensor<30x10xf32>
    %g = descent.dot %x, %vb batch [] x [] contract [1] x [0] : tensor<20x30xf32>, tensor<30x10xf32> to tensor<20x10xf32>
    return %a, %b, %c, %d, %e, %g : tensor<10x9xf32>, tensor<20x18xf32>, tensor<24x24xf32>, tensor<7x18xf32>, tensor<20x18xf32>, tensor<20x10xf32>
  })",
      1e-4, 1e-3);
}

/// Code for a product is there once for all products of a module that have their tiles in common.
TEST(Product, SharesCode) {
  std::string one = llvmOf(productsText({{64, 64, 64}}, {}, "f32"));
  std::string four =
      llvmOf(productsText({{64, 64, 64}, {64, 64, 64}, {64, 64, 64}, {64, 64, 64}}, {}, "f32"));
  auto count = [](const std::string &text) {
    size_t number = 0;
    for (size_t at = 0; (at = text.find("define internal", at)) != std::string::npos; ++at)
      ++number;
    return number;
  };
  EXPECT_GE(count(one), 1u);
  EXPECT_EQ(count(one), count(four));
}

} // namespace
} // namespace descent::tests
