// cuBLASLt's matrices are column-major: it is asked for the transposed product, whose left matrix
// is our right one.
#include "runtime/device/cuda/CublasLt.h"

#include "runtime/device/Device.h"
#include "runtime/device/cuda/Library.h"

#include <cstdlib>
#include <fmt/format.h>
#include <type_traits>

namespace descent::device::cuda {

namespace {

/// Of the arrays of a program, in bytes.
constexpr uint32_t kAlignment = 16;
constexpr const char *kVariable = "DESCENT_LIBCUBLASLT";

std::string meaningOf(int code) {
  switch (code) {
  case kLtAllocFailed:
    return "it has no memory";
  case kLtInvalidValue:
    return "it does not take these matrices";
  case kLtExecutionFailed:
    return "the card failed";
  case kLtNotSupported:
    return "it has nothing for these matrices";
  default:
    return "its status says no more";
  }
}

} // namespace

/// A product as the library knows it.
struct CublasLt::Prepared {
  Prepared(const LtFunctions &lt, const Product &product) : lt(lt), product(product) {}
  ~Prepared() {
    for (LtLayout layout : {left, right, result})
      if (layout)
        lt.layoutDestroy(layout);
    if (desc)
      lt.descDestroy(desc);
  }
  Prepared(const Prepared &) = delete;
  Prepared &operator=(const Prepared &) = delete;

  const LtFunctions &lt;
  const Product product;
  LtDesc desc = nullptr;
  LtLayout left = nullptr, right = nullptr, result = nullptr;
  LtChoice choice{};
};

std::unique_ptr<CublasLt> CublasLt::find() {
  std::unique_ptr<Library> library;
  for (const char *name : {"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so.11"}) {
    library = std::make_unique<Library>(name, kVariable);
    if (*library || std::getenv(kVariable))
      break;
  }
  if (!*library)
    return nullptr;
  LtFunctions functions;
  bool complete = true;
  auto take = [&](auto &function, const char *symbol) {
    function =
        reinterpret_cast<std::remove_reference_t<decltype(function)>>(library->symbol(symbol));
    complete &= function != nullptr;
  };
#define CUBLASLT_FUNCTION(name, symbol, parameters) take(functions.name, #symbol);
#include "runtime/device/cuda/CublasLt.def"
  if (!complete)
    return nullptr;
  return std::unique_ptr<CublasLt>(new CublasLt(functions));
}

CublasLt::CublasLt(const LtFunctions &functions) : lt(functions) {}

CublasLt::~CublasLt() {
  known.clear();
  if (handle)
    lt.destroy(handle);
}

void CublasLt::check(int code, const char *doing) const {
  if (code != kLtSuccess)
    throw DeviceError(fmt::format("cuBLASLt cannot {}: {} (its status {}); set {} to nothing to do "
                                  "without it",
                                  doing, meaningOf(code), code, kVariable));
}

const CublasLt::Prepared &CublasLt::prepare(const Product &product) {
  for (const std::unique_ptr<Prepared> &each : known)
    if (each->product == product)
      return *each;
  if (!handle)
    check(lt.create(&handle), "start");
  auto made = std::make_unique<Prepared>(lt, product);
  bool isF32 = product.element == Product::Element::F32;
  LtType type = isF32 ? kLtF32 : kLtF64;
  LtCompute compute = !isF32                                        ? kLtComputeF64
                      : product.rounding == Product::Rounding::Tf32 ? kLtComputeTf32
                      : product.rounding == Product::Rounding::Bf16 ? kLtComputeBf16
                                                                    : kLtComputeF32;
  constexpr const char *describing = "describe a product of matrices";
  check(lt.descCreate(&made->desc, compute, type), describing);
  auto transposed = [&](int attribute, bool is) {
    int32_t how = is ? kLtTransposed : kLtPlain;
    check(lt.descSet(made->desc, attribute, &how, sizeof(how)), describing);
  };
  transposed(kLtTransA, product.rhs.termsInner != 0);
  transposed(kLtTransB, product.lhs.termsInner == 0);
  if (product.hasBias) {
    // The columns of our result are the rows of its.
    auto epilogue = static_cast<uint32_t>(kLtAddBias);
    check(lt.descSet(made->desc, kLtEpilogue, &epilogue, sizeof(epilogue)), describing);
    // Whoever does not read there takes it for an address that is aligned like all that will come.
    setBias(*made, kAlignment);
  }
  auto layout = [&](LtLayout &into, int64_t inner, int64_t outer, int64_t stride,
                    int64_t batchStride) {
    check(lt.layoutCreate(&into, type, static_cast<uint64_t>(inner), static_cast<uint64_t>(outer),
                          stride),
          describing);
    if (product.batch == 1)
      return;
    auto count = static_cast<int32_t>(product.batch);
    check(lt.layoutSet(into, kLtBatchCount, &count, sizeof(count)), describing);
    check(lt.layoutSet(into, kLtBatchStride, &batchStride, sizeof(batchStride)), describing);
  };
  auto operand = [&](LtLayout &into, const Product::Side &side, int64_t rows) {
    if (side.termsInner)
      layout(into, product.k, rows, side.stride, side.batchStride);
    else
      layout(into, rows, product.k, side.stride, side.batchStride);
  };
  operand(made->left, product.rhs, product.n);
  operand(made->right, product.lhs, product.m);
  // That of what is added, too.
  layout(made->result, product.n, product.m, product.n, product.m * product.n);

  LtPreference preference = nullptr;
  constexpr const char *choosing = "choose how to multiply matrices";
  check(lt.preferenceCreate(&preference), choosing);
  auto most = static_cast<uint64_t>(kWorkspaceBytes);
  int found = 0;
  int code = lt.preferenceSet(preference, kLtWorkspaceBytes, &most, sizeof(most));
  for (int matrix = 0; matrix < 4 && code == kLtSuccess; ++matrix)
    code =
        lt.preferenceSet(preference, kLtLeastAlignment + matrix, &kAlignment, sizeof(kAlignment));
  if (code == kLtSuccess)
    code = lt.heuristic(handle, made->desc, made->left, made->right, made->result, made->result,
                        preference, 1, &made->choice, &found);
  lt.preferenceDestroy(preference);
  check(code == kLtSuccess && found == 0 ? kLtNotSupported : code, choosing);
  return *known.emplace_back(std::move(made));
}

void CublasLt::setBias(const Prepared &prepared, uint64_t address) {
  check(lt.descSet(prepared.desc, kLtBiasPointer, &address, sizeof(address)),
        "describe a product of matrices");
}

bool CublasLt::has(const Product &product) {
  try {
    prepare(product);
    return true;
  } catch (const DeviceError &) {
    return false;
  }
}

void CublasLt::multiply(const Product &product, const ProductArrays &arrays, uint64_t workspace,
                        CudaStream stream) {
  const Prepared &prepared = prepare(product);
  if (product.hasBias)
    setBias(prepared, arrays.bias);
  auto alpha = static_cast<float>(product.alpha), beta = static_cast<float>(product.beta);
  bool isF32 = product.element == Product::Element::F32;
  auto factor = [&](const float &narrow, const double &wide) {
    return isF32 ? static_cast<const void *>(&narrow) : static_cast<const void *>(&wide);
  };
  // What is added may be the result itself.
  uint64_t added = product.beta != 0 ? arrays.added : arrays.result;
  check(lt.multiply(handle, prepared.desc, factor(alpha, product.alpha), arrays.rhs, prepared.left,
                    arrays.lhs, prepared.right, factor(beta, product.beta), added, prepared.result,
                    arrays.result, prepared.result, &prepared.choice.algorithm, workspace,
                    static_cast<size_t>(kWorkspaceBytes), stream),
        "multiply matrices");
}

} // namespace descent::device::cuda
