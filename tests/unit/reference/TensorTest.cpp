#include "tests/unit/reference/Program.h"

#include <cmath>
#include <limits>

namespace descent::reference {

TEST(Tensor, RoundsToItsType) {
  EXPECT_EQ(f32({1}, {0.1}).number(0), double(0.1f));
  EXPECT_EQ(f64({1}, {0.1}).number(0), 0.1);
  Tensor wrapped = Tensor::zeros(DType::I32, {1});
  wrapped.setInteger(0, 0x80000000u);
  EXPECT_EQ(wrapped.integer(0), std::numeric_limits<int32_t>::min());
  Tensor word = Tensor::zeros(DType::U32, {1});
  word.setInteger(0, uint64_t(-1));
  EXPECT_EQ(word.integer(0), 0xffffffffll);
}

TEST(Tensor, PositionsAreRowMajor) {
  EXPECT_EQ(position({2, 3, 4}, {1, 2, 3}), 23);
  EXPECT_EQ(indexAt({2, 3, 4}, 13), (Dims{1, 0, 1}));
  EXPECT_EQ(sizeOfDims({}), 1);
  EXPECT_EQ(sizeOfDims({3, 0}), 0);
}

TEST(Tensor, AttributesKeepTheBits) {
  mlir::MLIRContext context;
  for (Tensor tensor : {f32({2}, {0.1, -0.0}), f64({2, 1}, {1e300, 3}), i32({3}, {-1, 0, 7}),
                        bools({2}, {1, 0}), Tensor::key(0xfedcba9876543210u)}) {
    Tensor back = Tensor::fromAttribute(tensor.attribute(&context));
    EXPECT_EQ(back.dtype, tensor.dtype);
    EXPECT_EQ(back.dims, tensor.dims);
    EXPECT_EQ(back.elements, tensor.elements);
  }
}

TEST(Tensor, Agreement) {
  double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(agree(f64({1}, {1}), f64({1}, {1 + 1e-12}), 1e-10));
  EXPECT_FALSE(agree(f64({1}, {1}), f64({1}, {1.1}), 1e-10));
  EXPECT_TRUE(agree(f64({1}, {0}), f64({1}, {1e-12}), 1e-10, 1e-10));
  EXPECT_FALSE(agree(f64({1}, {0}), f64({1}, {1e-12}), 1e-10));
  EXPECT_TRUE(agree(f64({1}, {nan}), f64({1}, {nan}), 0));
  EXPECT_FALSE(agree(f64({1}, {nan}), f64({1}, {0}), 1));
  EXPECT_FALSE(agree(f64({1}, {infinity}), f64({1}, {1}), 1));
  EXPECT_FALSE(agree(f64({1}, {1}), f32({1}, {1}), 1));
  EXPECT_FALSE(agree(f64({1}, {1}), f64({}, {1}), 1));
  EXPECT_FALSE(agree(i32({1}, {1}), i32({1}, {2}), 1));
}

TEST(Tensor, Text) {
  EXPECT_EQ(i32({2, 1}, {3, -4}).text(), "i32[2,1] 3 -4");
  EXPECT_EQ(f32({}, {1.5}).text(), "f32[] 1.5");
  EXPECT_EQ(bools({0}, {}).text(), "bool[0]");
}

} // namespace descent::reference
