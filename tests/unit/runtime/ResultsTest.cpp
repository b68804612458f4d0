#include "runtime/data/Results.h"

#include "DataTestSupport.h"

#include <gtest/gtest.h>

#include <limits>

using namespace descent;

TEST(Results, ValuesAsJson) {
  constexpr float inf = std::numeric_limits<float>::infinity();
  Results results;
  results.set({"values", "w"}, Array::scalar(0.1f));
  results.set({"values", "n"}, Array::scalar(int32_t(-3)));
  results.set({"values", "net", "b"}, Array::fromVector<double>({0.1, 1e300}));
  results.set({"values", "net", "m"}, Array::fromVector<bool>({true, false}, {2, 1}));
  results.set({"values", "none"}, Array::zeros(DType::F32, {0}));
  results.set({"values", "k"}, Array::scalar(uint64_t(1797259609) << 32 | 7));
  results.set({"values", "odd"},
              Array::fromVector<float>({inf, -inf, std::numeric_limits<float>::quiet_NaN()}));
  results.set({"values", "big"}, Array::scalar(std::numeric_limits<int64_t>::max()));
  results.set({"train", "reason"}, "all \"steps\" done");
  results.set({"values", "n"}, Array::scalar(int32_t(4)));
  EXPECT_EQ(results.text(),
            R"({"values":{"w":0.1,"n":4,"net":{"b":[0.1,1e+300],"m":[[true],[false]]},"none":[],)"
            R"("k":[1797259609,7],"odd":["inf","-inf","nan"],"big":9223372036854775807},)"
            R"("train":{"reason":"all \"steps\" done"}})"
            "\n");
}

TEST(Results, NumbersReadBackAsWhatTheyAre) {
  Results results;
  results.set({"f64"},
              Array::fromVector<double>({0, -0.0, 1, -3e14, 1e15, 1e16, 1.2345678901234567e17,
                                         5e-324, 1.7976931348623157e308, 1.0 / 3, 1e-4, 1e-5}));
  results.set({"f32"}, Array::fromVector<float>({1, 16777216, 1e-45f, 3.4028235e38f, 1.0f / 3}));
  results.set({"i64"}, Array::fromVector<int64_t>({std::numeric_limits<int64_t>::min(), 0, 1}));
  results.set({"key"}, Array::fromVector<uint64_t>({~uint64_t{0}}));
  EXPECT_EQ(results.text(), R"({"f64":[0.0,-0.0,1.0,-300000000000000.0,1000000000000000.0,1e+16,)"
                            R"(1.2345678901234566e+17,5e-324,1.7976931348623157e+308,)"
                            R"(0.3333333333333333,0.0001,1e-05],)"
                            R"("f32":[1.0,16777216.0,1e-45,3.4028235e+38,0.33333334],)"
                            R"("i64":[-9223372036854775808,0,1],"key":[[4294967295,4294967295]]})"
                            "\n");
}

TEST(Results, ManyNumbers) {
  // The text is written in pieces.
  constexpr int64_t count = 400'000;
  Array numbers = Array::uninitialized(DType::I32, {2, count, 1});
  std::string wanted = "{\"n\":[[";
  for (int64_t i = 0; i < 2 * count; ++i) {
    numbers.mutableValues<int32_t>()[static_cast<size_t>(i)] = static_cast<int32_t>(i);
    wanted += (i == 0 ? "[" : i == count ? "],[[" : ",[") + std::to_string(i) + "]";
  }
  TemporaryFolder folder;
  Results results;
  results.set({"n"}, numbers);
  results.set({"long"}, std::string(3'000'000, 'x'));
  wanted += "]],\"long\":\"" + std::string(3'000'000, 'x') + "\"}\n";
  EXPECT_TRUE(results.text() == wanted);
  results.write(folder.path("out.json"));
  EXPECT_TRUE(folder.read("out.json") == wanted);
}

TEST(Results, PathsDoNotLeadThroughValues) {
  Results results;
  results.set({"a"}, Array::scalar(1.0));
  EXPECT_THROW(results.set({"a", "b"}, Array::scalar(1.0)), Error);
}

TEST(Results, WrittenToAFile) {
  TemporaryFolder folder;
  Results results;
  EXPECT_EQ(results.text(), "{}\n");
  results.set({"name"}, "\xFF");
  results.write(folder.path("out.json"));
  EXPECT_EQ(folder.read("out.json"), "{\"name\":\"\xEF\xBF\xBD\"}\n");
}
