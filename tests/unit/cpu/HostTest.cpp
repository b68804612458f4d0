// What a program asks of the runtime: order, operands, checks; the program itself and its inputs.
#include "tests/unit/cpu/Harness.h"

#include "compiler/Module.h"
#include "descent/Array.h"
#include "descent/Error.h"
#include "runtime/abi/RunContext.h"

namespace descent::tests {
namespace {

std::vector<Event> run(const std::string &text, const std::vector<Tensor> &arguments, int *status,
                       bool fuse) {
  std::vector<Event> events;
  compileFunction(text, fuse)(arguments, status, &events);
  return events;
}

TEST(Host, EffectsInOrder) {
  std::string text = R"(func.func @f(%x: tensor<3xf32>, %n: tensor<i32>, %b: tensor<i1>, %k: tensor<1x1xi64>) {
    %zero = descent.constant dense<0> : tensor<i32>
    descent.effect 0 (%x, %n, %b, %k) : (tensor<3xf32>, tensor<i32>, tensor<i1>, tensor<1x1xi64>)
    %r = descent.for %zero to %n iter(%x) : tensor<i32>, (tensor<3xf32>) {
    ^bb0(%i: tensor<i32>, %a: tensor<3xf32>):
      %c = descent.add %a, %x : tensor<3xf32>
      %s = descent.reduce_sum %c [0] : tensor<3xf32> to tensor<f32>
      descent.effect 1 (%i, %s) : (tensor<i32>, tensor<f32>)
      %d = descent.compare gt %i, %zero : tensor<i32>
      descent.if %d : tensor<i1> to () {
        descent.effect 2 (%c) : (tensor<3xf32>)
        descent.yield
      } else {
        descent.yield
      }
      descent.yield %c : tensor<3xf32>
    } to (tensor<3xf32>)
    %t = descent.constant dense<[1, 2]> : tensor<2xi64>
    %o = descent.constant dense<1.5> : tensor<2xf64>
    descent.effect 3 () : ()
    descent.effect 4 (%r, %t, %o) : (tensor<3xf32>, tensor<2xi64>, tensor<2xf64>)
    return
  })";
  for (bool fuse : {true, false}) {
    auto events = run(text, {f32({3}, {1, 2, 3}), i32({}, {2}), boolean({}, {1}), i64({1, 1}, {9})},
                      nullptr, fuse);
    std::vector<int64_t> order;
    for (const Event &event : events)
      order.push_back(event.index);
    EXPECT_EQ(order, (std::vector<int64_t>{0, 1, 1, 2, 3, 4}));
    ASSERT_EQ(events.size(), 6u);
    EXPECT_EQ(events[0].operands[0].text(), f32({3}, {1, 2, 3}).text());
    EXPECT_EQ(events[0].operands[1].integer(0), 2);
    EXPECT_TRUE(events[0].operands[2].truth(0));
    EXPECT_EQ(events[0].operands[3].integer(0), 9);
    EXPECT_EQ(events[1].operands[1].number(0), 12);
    EXPECT_EQ(events[2].operands[0].integer(0), 1);
    EXPECT_EQ(events[2].operands[1].number(0), 18);
    EXPECT_EQ(events[3].operands[0].text(), f32({3}, {3, 6, 9}).text());
    EXPECT_EQ(events[5].operands[0].text(), f32({3}, {3, 6, 9}).text());
    EXPECT_EQ(events[5].operands[1].text(), i64({2}, {1, 2}).text());
    EXPECT_EQ(events[5].operands[2].text(), f64({2}, {1.5, 1.5}).text());
  }
}

TEST(Host, ChecksStop) {
  std::string text = R"(func.func @f(%x: tensor<4xf32>, %i: tensor<i32>) -> tensor<f32> {
    %zero = descent.constant dense<0.0> : tensor<4xf32>
    %limit = descent.constant dense<4> : tensor<i32>
    descent.effect 0 () : ()
    %in = descent.compare lt %i, %limit : tensor<i32>
    descent.check 0 %in (%i, %x) : tensor<i1>, (tensor<i32>, tensor<4xf32>)
    descent.effect 1 () : ()
    %ok = descent.compare gt %x, %zero : tensor<4xf32>
    descent.check 1 %ok () : tensor<4xi1>, ()
    descent.effect 2 () : ()
    %s = descent.reduce_sum %x [0] : tensor<4xf32> to tensor<f32>
    return %s : tensor<f32>
  })";
  struct Case {
    std::vector<double> x;
    double i;
    int status;
    std::vector<int64_t> order; ///< effects, then the failed check
  };
  for (const Case &each : {Case{{1, 2, 3, 4}, 3, 0, {0, 1, 2}}, Case{{1, 2, 3, 4}, 4, 1, {0, 0}},
                           Case{{1, 2, 3, -4}, 0, 1, {0, 1, 1}}, Case{{0, 2, 3, 4}, 9, 1, {0, 0}}})
    for (bool fuse : {true, false}) {
      int status = -1;
      auto events = run(text, {f32({4}, each.x), i32({}, {each.i})}, &status, fuse);
      EXPECT_EQ(status, each.status);
      std::vector<int64_t> order;
      for (const Event &event : events)
        order.push_back(event.index);
      EXPECT_EQ(order, each.order);
    }
}

TEST(Host, FailedCheckInsideLoops) {
  std::string text = R"(func.func @f(%n: tensor<i32>) {
    %zero = descent.constant dense<0> : tensor<i32>
    %ten = descent.constant dense<10> : tensor<i32>
    descent.for %zero to %ten iter() : tensor<i32>, () {
    ^bb0(%i: tensor<i32>):
      %ok = descent.compare lt %i, %n : tensor<i32>
      descent.effect 0 (%i) : (tensor<i32>)
      descent.check 0 %ok (%i) : tensor<i1>, (tensor<i32>)
      descent.yield
    } to ()
    return
  })";
  int status = -1;
  EXPECT_EQ(run(text, {i32({}, {3})}, &status, true).size(), 5u);
  EXPECT_EQ(status, 1);
  EXPECT_EQ(run(text, {i32({}, {30})}, &status, true).size(), 10u);
  EXPECT_EQ(status, 0);
}

TEST(Host, ClockAndPoll) {
  auto result = compileFunction(R"(func.func @f() -> (tensor<f64>, tensor<i1>) {
    %a = descent.clock : tensor<f64>
    %p = descent.poll : tensor<i1>
    %b = descent.clock : tensor<f64>
    %d = descent.sub %b, %a : tensor<f64>
    return %d, %p : tensor<f64>, tensor<i1>
  })")({});
  EXPECT_GE(result[0].number(0), 0);
  EXPECT_LT(result[0].number(0), 1);
  EXPECT_FALSE(result[1].truth(0));
}

TEST(Host, ProgramWithInputs) {
  auto executable = compiler::compile(parse(R"(func.func @main() {
    %x = descent.input 1 : tensor<4xf32>
    %n = descent.input 0 : tensor<i32>
    %xx = descent.input 1 : tensor<4xf32>
    %c = descent.convert %n : tensor<i32> to tensor<f32>
    %b = descent.broadcast %c [] : tensor<f32> to tensor<4xf32>
    %y = descent.mul %x, %b : tensor<4xf32>
    %s = descent.reduce_sum %y [0] : tensor<4xf32> to tensor<f32>
    %r = descent.reshape %xx : tensor<4xf32> to tensor<2x2xf32>
    descent.effect 0 (%y, %s, %r) : (tensor<4xf32>, tensor<f32>, tensor<2x2xf32>)
    return
  })"));
  abi::Effect effect;
  abi::ValueLayout layout;
  layout.kind = abi::ValueLayout::Kind::Tuple;
  layout.items.resize(3);
  for (int i = 0; i < 3; ++i)
    layout.items[size_t(i)].operand = i;
  effect.what = abi::KeepEffect{"r", layout};
  effect.operands = {{DType::F32, {4}}, {DType::F32, {}}, {DType::F32, {2, 2}}};
  std::vector<abi::Effect> effects{effect};
  abi::RunContext context(effects, {}, {});
  Array n = Array::scalar<int32_t>(3), x = Array::fromVector<float>({1, 2, 3, 4});
  const void *inputs[] = {n.data(), x.data()};
  Array arena = Array::uninitialized(DType::Bool, {int64_t(executable.arenaBytes())});
  EXPECT_EQ(executable.run(&context, inputs, arena.mutableData()), 0);
  ASSERT_EQ(context.kept().size(), 1u);
  EXPECT_EQ(context.kept()[0].arrays[0], Array::fromVector<float>({3, 6, 9, 12}));
  EXPECT_EQ(context.kept()[0].arrays[1], Array::scalar<float>(30));
  EXPECT_EQ(context.kept()[0].arrays[2], Array::fromVector<float>({1, 2, 3, 4}, {2, 2}));
}

TEST(Host, Errors) {
  EXPECT_THROW(compiler::compile(parse("func.func @f() -> tensor<f32> {\n"
                                       "%x = descent.input 0 : tensor<f32>\n"
                                       "return %x : tensor<f32>\n}")),
               Error);
  EXPECT_THROW(compiler::compile(parse("func.func private @f()")), Error);
  EXPECT_THROW(compiler::compile(parse("func.func @main(%x: tensor<f32>) {\nreturn\n}")), Error);
  auto executable = compiler::compile(parse("func.func @f() {\nreturn\n}"));
  EXPECT_THROW(executable.run(nullptr, nullptr, nullptr), Error);
  EXPECT_THROW(executable.call("g", nullptr, nullptr, nullptr, nullptr), Error);
}

TEST(Host, SeveralFunctions) {
  auto executable = compiler::compile(parse(R"(
    func.func @main() {
      return
    }
    func.func @twice(%x: tensor<3xf32>) -> tensor<3xf32> {
      %y = descent.add %x, %x : tensor<3xf32>
      return %y : tensor<3xf32>
    }
    func.func @both(%x: tensor<f32>, %y: tensor<3xf32>) -> (tensor<3xf32>, tensor<f32>, tensor<3xf32>, tensor<3xf32>) {
      return %y, %x, %y, %y : tensor<3xf32>, tensor<f32>, tensor<3xf32>, tensor<3xf32>
    })"));
  EXPECT_EQ(executable.run(nullptr, nullptr, nullptr), 0);
  float x = 5, y[3] = {1, 2, 3}, a[3], b, c[3], d[3];
  const void *first[] = {y}, *second[] = {&x, y};
  void *firstResults[] = {a}, *secondResults[] = {a, &b, c, d};
  executable.call("twice", nullptr, first, firstResults, nullptr);
  EXPECT_EQ(a[2], 6);
  executable.call("both", nullptr, second, secondResults, nullptr);
  EXPECT_EQ(a[2], 3);
  EXPECT_EQ(b, 5);
  EXPECT_EQ(c[0], 1);
  EXPECT_EQ(d[1], 2);
}

} // namespace
} // namespace descent::tests
