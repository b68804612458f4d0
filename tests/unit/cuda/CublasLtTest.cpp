// Products of matrices by a library that pretends to be cuBLASLt.
#include "Support.h"

#include <numeric>

namespace descent::test {
namespace {

using namespace device;
using testing::AllOf;
using testing::HasSubstr;

template <typename T> class Matrices {
public:
  Matrices(Device &device, const Product &product, const Product::Side &side, int64_t rows, T first)
      : device(device), side(side) {
    int64_t outer = side.termsInner ? rows : product.k;
    elements.resize(size_t(product.batch * std::max(side.batchStride, outer * side.stride)));
    std::iota(elements.begin(), elements.end(), first);
    auto bytes = int64_t(elements.size() * sizeof(T));
    address = device.allocate(bytes);
    device.copyTo(address, elements.data(), bytes);
  }
  ~Matrices() { device.release(address); }
  T at(int64_t batch, int64_t row, int64_t term) const {
    return elements[size_t(batch * side.batchStride + (side.termsInner
                                                           ? row * side.stride + term
                                                           : term * side.stride + row))];
  }
  Device &device;
  const Product::Side side;
  std::vector<T> elements;
  Address address = 0;
};

/// Numbers in a device's memory.
template <typename T> class Numbers {
public:
  Numbers(Device &device, int64_t count, T first, T step)
      : device(device), bytes(count * int64_t(sizeof(T))), address(device.allocate(bytes)) {
    for (int64_t i = 0; i < count; ++i)
      elements.push_back(first + T(i) * step);
    device.copyTo(address, elements.data(), bytes);
  }
  ~Numbers() { device.release(address); }
  T operator[](int64_t i) const { return elements[size_t(i)]; }
  std::vector<T> now() const {
    std::vector<T> values(elements.size());
    device.copyFrom(values.data(), address, bytes);
    return values;
  }
  Device &device;
  const int64_t bytes;
  const Address address;
  std::vector<T> elements;
};

/// `inPlace`: what is added is where the result goes.
template <typename T>
void expectProduct(Device &device, const Product &product, bool inPlace = false) {
  Matrices<T> lhs(device, product, product.lhs, product.m, T(1)),
      rhs(device, product, product.rhs, product.n, T(-3));
  int64_t count = product.batch * product.m * product.n;
  Numbers<T> to(device, count, T(5), T(2)), apart(device, count, T(-7), T(3)),
      bias(device, product.n, T(100), T(1000));
  const Numbers<T> &added = inPlace ? to : apart;
  ProductArrays arrays{lhs.address, rhs.address, to.address};
  if (product.beta != 0)
    arrays.added = added.address;
  if (product.hasBias)
    arrays.bias = bias.address;
  device.multiply(product, arrays);
  device.wait();
  std::vector<T> result = to.now();
  size_t i = 0;
  for (int64_t batch = 0; batch < product.batch; ++batch)
    for (int64_t row = 0; row < product.m; ++row)
      for (int64_t column = 0; column < product.n; ++column) {
        double sum = 0;
        for (int64_t term = 0; term < product.k; ++term)
          sum += double(lhs.at(batch, row, term)) * double(rhs.at(batch, column, term));
        sum = sum * product.alpha + product.beta * double(added[int64_t(i)]);
        if (product.hasBias)
          sum += double(bias[column]);
        EXPECT_EQ(double(result[i++]), sum) << batch << " " << row << " " << column;
      }
}

class CublasLtTest : public CudaTest {
protected:
  void SetUp() override {
    CudaTest::SetUp();
    environment.set("DESCENT_LIBCUBLASLT", FAKE_CUDA);
  }
  Environment environment;
};

Product product(bool lhsTermsInner, bool rhsTermsInner, int64_t batch = 1) {
  Product made;
  made.batch = batch;
  made.m = 5;
  made.n = 3;
  made.k = 7;
  made.lhs = {lhsTermsInner, lhsTermsInner ? 7 : 5, batch > 1 ? 35 : 0};
  made.rhs = {rhsTermsInner, rhsTermsInner ? 7 : 3, batch > 1 ? 21 : 0};
  return made;
}

TEST_F(CublasLtTest, MakesProductsOfAllLayouts) {
  auto device = openCuda();
  ASSERT_TRUE(device->multiplies());
  for (int64_t batch : {1, 4})
    for (bool lhs : {false, true})
      for (bool rhs : {false, true}) {
        SCOPED_TRACE(testing::Message() << batch << lhs << rhs);
        Product made = product(lhs, rhs, batch);
        expectProduct<float>(*device, made);
        // The second time it is known.
        expectProduct<float>(*device, made);
        made.element = Product::Element::F64;
        expectProduct<double>(*device, made);
      }
  // Rows with gaps between them; one matrix for a whole batch.
  Product apart = product(true, false, 3);
  apart.lhs.stride = 9;
  apart.lhs.batchStride = 50;
  apart.rhs.batchStride = 0;
  expectProduct<float>(*device, apart);
  for (Product::Rounding rounding : {Product::Rounding::Tf32, Product::Rounding::Bf16}) {
    Product rounded = product(true, true);
    rounded.rounding = rounding;
    expectProduct<float>(*device, rounded);
  }
}

// Numbers that are exact whoever adds them up.
TEST_F(CublasLtTest, AddsToProducts) {
  auto device = openCuda();
  for (int64_t batch : {1, 3})
    for (double alpha : {1.0, -0.5, 3.0})
      for (double beta : {0.0, 1.0, -2.0})
        for (bool hasBias : {false, true})
          for (bool inPlace : {false, true}) {
            SCOPED_TRACE(testing::Message() << batch << " " << alpha << " " << beta << hasBias);
            Product made = product(true, false, batch);
            made.alpha = alpha;
            made.beta = beta;
            made.hasBias = hasBias;
            EXPECT_TRUE(device->multiplies(made));
            expectProduct<float>(*device, made, inPlace);
            made.element = Product::Element::F64;
            EXPECT_TRUE(device->multiplies(made));
            expectProduct<double>(*device, made, inPlace);
          }
}

TEST_F(CublasLtTest, TellsBeforeWhatItHas) {
  auto device = openCuda();
  Product plain = product(true, true), withBias = plain;
  withBias.hasBias = true;
  environment.set("FAKE_CUBLASLT_LACKS", "bias");
  EXPECT_TRUE(device->multiplies(plain));
  EXPECT_FALSE(device->multiplies(withBias));
  environment.set("FAKE_CUBLASLT_LACKS", "");
  EXPECT_TRUE(device->multiplies(withBias));
  // A library that cannot be started has nothing.
  auto other = openCuda();
  environment.set("FAKE_CUBLASLT_FAIL", "cublasLtCreate=1");
  EXPECT_TRUE(other->multiplies());
  EXPECT_FALSE(other->multiplies(plain));
}

TEST_F(CublasLtTest, SaysWhatItCannotDo) {
  auto device = openCuda();
  Product made = product(true, true);
  auto doing = [&] { device->multiply(made, {}); };
  environment.set("FAKE_CUBLASLT_FAIL", "cublasLtCreate=1");
  EXPECT_THAT(problemOf(doing), AllOf(HasSubstr("cuBLASLt cannot start"), HasSubstr("status 1")));
  environment.set("FAKE_CUBLASLT_FAIL", "cublasLtMatmulAlgoGetHeuristic=15");
  EXPECT_THAT(problemOf(doing), HasSubstr("it has nothing for these matrices (its status 15); set "
                                          "DESCENT_LIBCUBLASLT to nothing"));
  environment.set("FAKE_CUBLASLT_FAIL", "cublasLtMatmul=13");
  EXPECT_THAT(problemOf(doing), HasSubstr("cuBLASLt cannot multiply matrices: the card failed"));
}

TEST_F(CublasLtTest, IsNotThere) {
  environment.set("DESCENT_LIBCUBLASLT", "");
  EXPECT_FALSE(openCuda()->multiplies());
  environment.set("DESCENT_LIBCUBLASLT", FAKE_NVML); // has none of its functions
  auto device = openCuda();
  EXPECT_FALSE(device->multiplies());
  EXPECT_THAT(problemOf([&] { device->multiply(product(true, true), {}); }),
              HasSubstr("there is no library for products"));
}

} // namespace
} // namespace descent::test
