// cuBLASLt's functions without a card, in the library of the fake driver: products of column-major
// matrices in its memory, in the order of its streams.
#include "FakeStream.h"

#include "runtime/device/cuda/CublasLt.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <type_traits>

using namespace descent::device::cuda;

#define EXPORT extern "C" __attribute__((visibility("default"))) int

struct descent::device::cuda::LtHandleTag {};
struct descent::device::cuda::LtPreferenceTag {
  uint64_t workspace = 0;
  std::map<int, uint32_t> alignments;
};
struct descent::device::cuda::LtDescTag {
  int compute, scale;
  int32_t transA = kLtPlain, transB = kLtPlain;
  uint32_t epilogue = 1; // none
  uint64_t bias = 0;
};
struct descent::device::cuda::LtLayoutTag {
  int type;
  uint64_t rows, columns;
  int64_t stride;
  int32_t batch = 1;
  int64_t batchStride = 0;
};

namespace {

/// $FAKE_CUBLASLT_FAIL names a function that fails, and its status: "cublasLtMatmul=13".
int failureOf(const char *name) {
  const char *text = std::getenv("FAKE_CUBLASLT_FAIL");
  size_t length = std::strlen(name);
  if (text && std::strncmp(text, name, length) == 0 && text[length] == '=')
    return std::atoi(text + length + 1);
  return 0;
}
#define BEGIN(name)                                                                                \
  if (int status = failureOf(#name))                                                               \
    return status;

/// The element of op(matrix).
template <typename T>
T elementOf(const T *matrix, const LtLayoutTag &layout, bool transposed, int64_t row,
            int64_t column) {
  return transposed ? matrix[row * layout.stride + column] : matrix[column * layout.stride + row];
}

uint64_t alignmentOf(uint64_t address) {
  return address & -address;
}

template <typename T>
void multiplyAs(LtDescTag desc, T alpha, uint64_t a, LtLayoutTag aLayout, uint64_t b,
                LtLayoutTag bLayout, T beta, uint64_t c, uint64_t d, LtLayoutTag dLayout) {
  const T *bias = reinterpret_cast<const T *>(desc.bias);
  for (int32_t batch = 0; batch < dLayout.batch; ++batch) {
    const T *left = reinterpret_cast<const T *>(a) + batch * aLayout.batchStride;
    const T *right = reinterpret_cast<const T *>(b) + batch * bLayout.batchStride;
    T *result = reinterpret_cast<T *>(d) + batch * dLayout.batchStride;
    const T *added = reinterpret_cast<const T *>(c) + batch * dLayout.batchStride;
    uint64_t terms = desc.transA ? aLayout.rows : aLayout.columns;
    for (uint64_t row = 0; row < dLayout.rows; ++row)
      for (uint64_t column = 0; column < dLayout.columns; ++column) {
        double sum = 0;
        for (uint64_t term = 0; term < terms; ++term)
          sum += double(elementOf(left, aLayout, desc.transA, int64_t(row), int64_t(term))) *
                 double(elementOf(right, bLayout, desc.transB, int64_t(term), int64_t(column)));
        sum *= double(alpha);
        int64_t at = int64_t(column) * dLayout.stride + int64_t(row);
        if (beta != 0)
          sum += double(beta) * double(added[at]);
        if (desc.epilogue == kLtAddBias)
          sum += double(bias[row]);
        result[at] = T(sum);
      }
  }
}

} // namespace

EXPORT cublasLtCreate(LtHandle *handle) {
  BEGIN(cublasLtCreate)
  *handle = new LtHandleTag;
  return kLtSuccess;
}
EXPORT cublasLtDestroy(LtHandle handle) {
  delete handle;
  return kLtSuccess;
}
EXPORT cublasLtMatmulDescCreate(LtDesc *desc, int compute, int scale) {
  BEGIN(cublasLtMatmulDescCreate)
  bool isWide = compute == kLtComputeF64;
  if (scale != (isWide ? kLtF64 : kLtF32))
    return kLtInvalidValue;
  *desc = new LtDescTag{compute, scale};
  return kLtSuccess;
}
EXPORT cublasLtMatmulDescDestroy(LtDesc desc) {
  delete desc;
  return kLtSuccess;
}
EXPORT cublasLtMatmulDescSetAttribute(LtDesc desc, int attribute, const void *value, size_t bytes) {
  void *to = nullptr;
  switch (attribute) {
  case kLtTransA:
    to = &desc->transA;
    break;
  case kLtTransB:
    to = &desc->transB;
    break;
  case kLtEpilogue:
    to = &desc->epilogue;
    break;
  case kLtBiasPointer:
    to = &desc->bias;
    break;
  }
  if (!to || bytes != (attribute == kLtBiasPointer ? 8 : 4))
    return kLtInvalidValue;
  std::memcpy(to, value, bytes);
  return kLtSuccess;
}
EXPORT cublasLtMatrixLayoutCreate(LtLayout *layout, int type, uint64_t rows, uint64_t columns,
                                  int64_t stride) {
  if (stride < int64_t(rows))
    return kLtInvalidValue;
  *layout = new LtLayoutTag{type, rows, columns, stride};
  return kLtSuccess;
}
EXPORT cublasLtMatrixLayoutDestroy(LtLayout layout) {
  delete layout;
  return kLtSuccess;
}
EXPORT cublasLtMatrixLayoutSetAttribute(LtLayout layout, int attribute, const void *value,
                                        size_t bytes) {
  if (attribute == kLtBatchCount && bytes == 4)
    return std::memcpy(&layout->batch, value, bytes), kLtSuccess;
  if (attribute == kLtBatchStride && bytes == 8)
    return std::memcpy(&layout->batchStride, value, bytes), kLtSuccess;
  return kLtInvalidValue;
}
EXPORT cublasLtMatmulPreferenceCreate(LtPreference *preference) {
  *preference = new LtPreferenceTag;
  return kLtSuccess;
}
EXPORT cublasLtMatmulPreferenceDestroy(LtPreference preference) {
  delete preference;
  return kLtSuccess;
}
EXPORT cublasLtMatmulPreferenceSetAttribute(LtPreference preference, int attribute,
                                            const void *value, size_t bytes) {
  if (attribute == kLtWorkspaceBytes && bytes == 8)
    return std::memcpy(&preference->workspace, value, bytes), kLtSuccess;
  if (attribute >= kLtLeastAlignment && attribute < kLtLeastAlignment + 4 && bytes == 4)
    return std::memcpy(&preference->alignments[attribute], value, bytes), kLtSuccess;
  return kLtInvalidValue;
}
EXPORT cublasLtMatmulAlgoGetHeuristic(LtHandle handle, LtDesc desc, LtLayout a, LtLayout b,
                                      LtLayout c, LtLayout d, LtPreference preference, int asked,
                                      LtChoice *choices, int *found) {
  BEGIN(cublasLtMatmulAlgoGetHeuristic)
  uint64_t rows = desc->transA ? a->columns : a->rows, left = desc->transA ? a->rows : a->columns;
  uint64_t columns = desc->transB ? b->rows : b->columns,
           right = desc->transB ? b->columns : b->rows;
  *found = 0;
  if (!handle || left != right || rows != d->rows || columns != d->columns || c != d ||
      a->batch != d->batch || b->batch != d->batch || asked != 1 ||
      preference->alignments.size() != 4)
    return kLtInvalidValue;
  bool addsBias = desc->epilogue == kLtAddBias;
  if ((!addsBias && desc->epilogue != 1) || addsBias != (desc->bias != 0))
    return kLtInvalidValue;
  // $FAKE_CUBLASLT_LACKS: what it has nothing for ("bias").
  const char *lacks = std::getenv("FAKE_CUBLASLT_LACKS");
  if (lacks && std::strcmp(lacks, "bias") == 0 && addsBias)
    return kLtNotSupported;
  *choices = {};
  choices->algorithm.data[0] = 42;
  choices->algorithm.data[1] = alignmentOf(desc->bias);
  for (auto [attribute, alignment] : preference->alignments)
    choices->algorithm.data[size_t(2 + attribute - kLtLeastAlignment)] = alignment;
  choices->workspaceBytes = preference->workspace;
  *found = 1;
  return kLtSuccess;
}
EXPORT cublasLtMatmul(LtHandle, LtDesc desc, const void *alpha, uint64_t a, LtLayout aLayout,
                      uint64_t b, LtLayout bLayout, const void *beta, uint64_t c, LtLayout cLayout,
                      uint64_t d, LtLayout dLayout, const LtAlgorithm *algorithm,
                      uint64_t workspace, size_t workspaceBytes, CudaStream stream) {
  BEGIN(cublasLtMatmul)
  // It cannot do everything in a stream that is captured.
  if (descent::test::isCaptured(stream))
    if (int status = failureOf("captured"))
      return status;
  if (algorithm->data[0] != 42 || (workspaceBytes && !workspace) || cLayout != dLayout)
    return kLtInvalidValue;
  // Nothing is where the one that chose did not expect it.
  const uint64_t addresses[] = {desc->bias, a, b, c, d};
  for (size_t i = 0; i < 5; ++i)
    if (uint64_t least = algorithm->data[1 + i]; least && addresses[i] % least)
      return kLtInvalidValue;
  if ((desc->epilogue == kLtAddBias) != (desc->bias != 0))
    return kLtInvalidValue;
  bool isWide = desc->compute == kLtComputeF64;
  auto factor = [&](const void *at) {
    return isWide ? *static_cast<const double *>(at) : double(*static_cast<const float *>(at));
  };
  double ofProduct = factor(alpha), ofAdded = factor(beta);
  // What is added is the result, or apart from it.
  uint64_t size = (isWide ? 8 : 4) * dLayout->rows * dLayout->columns * uint64_t(dLayout->batch);
  if (ofAdded != 0 && (!c || (c != d && c < d + size && d < c + size)))
    return kLtInvalidValue;
  // $FAKE_CUBLASLT_IDLE: it looks at what it is given, and makes nothing of it.
  if (std::getenv("FAKE_CUBLASLT_IDLE"))
    return kLtSuccess;
  descent::test::pushTo(
      stream, [=, desc = *desc, aLayout = *aLayout, bLayout = *bLayout, dLayout = *dLayout] {
        if (desc.compute == kLtComputeF64)
          multiplyAs<double>(desc, ofProduct, a, aLayout, b, bLayout, ofAdded, c, d, dLayout);
        else
          multiplyAs<float>(desc, float(ofProduct), a, aLayout, b, bLayout, float(ofAdded), c, d,
                            dLayout);
      });
  return kLtSuccess;
}

// The signatures are those of the table.
static_assert([] {
#define CUBLASLT_FUNCTION(name, symbol, parameters)                                                \
  static_assert(std::is_same_v<decltype(&symbol), decltype(LtFunctions::name)>, #symbol);
#include "runtime/device/cuda/CublasLt.def"
  return true;
}());
