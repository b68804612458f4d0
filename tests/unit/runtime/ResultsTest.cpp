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
