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

template <typename T>
void multiplyAs(LtDescTag desc, T alpha, uint64_t a, LtLayoutTag aLayout, uint64_t b,
                LtLayoutTag bLayout, uint64_t d, LtLayoutTag dLayout) {
  for (int32_t batch = 0; batch < dLayout.batch; ++batch) {
    const T *left = reinterpret_cast<const T *>(a) + batch * aLayout.batchStride;
    const T *right = reinterpret_cast<const T *>(b) + batch * bLayout.batchStride;
    T *result = reinterpret_cast<T *>(d) + batch * dLayout.batchStride;
    uint64_t terms = desc.transA ? aLayout.rows : aLayout.columns;
    for (uint64_t row = 0; row < dLayout.rows; ++row)
      for (uint64_t column = 0; column < dLayout.columns; ++column) {
        double sum = 0;
        for (uint64_t term = 0; term < terms; ++term)
          sum += double(elementOf(left, aLayout, desc.transA, int64_t(row), int64_t(term))) *
                 double(elementOf(right, bLayout, desc.transB, int64_t(term), int64_t(column)));
        result[int64_t(column) * dLayout.stride + int64_t(row)] = alpha * T(sum);
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
  if (bytes != 4)
    return kLtInvalidValue;
  std::memcpy(attribute == kLtTransA ? &desc->transA : &desc->transB, value, bytes);
  return attribute == kLtTransA || attribute == kLtTransB ? kLtSuccess : kLtInvalidValue;
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
  *choices = {};
  choices->algorithm.data[0] = 42;
  choices->workspaceBytes = preference->workspace;
  *found = 1;
  return kLtSuccess;
}
EXPORT cublasLtMatmul(LtHandle, LtDesc desc, const void *alpha, uint64_t a, LtLayout aLayout,
                      uint64_t b, LtLayout bLayout, const void *, uint64_t, LtLayout, uint64_t d,
                      LtLayout dLayout, const LtAlgorithm *algorithm, uint64_t workspace,
                      size_t workspaceBytes, CudaStream stream) {
  BEGIN(cublasLtMatmul)
  if (algorithm->data[0] != 42 || (workspaceBytes && !workspace))
    return kLtInvalidValue;
  double factor = desc->compute == kLtComputeF64 ? *static_cast<const double *>(alpha)
                                                 : *static_cast<const float *>(alpha);
  descent::test::pushTo(
      stream, [=, desc = *desc, aLayout = *aLayout, bLayout = *bLayout, dLayout = *dLayout] {
        if (desc.compute == kLtComputeF64)
          multiplyAs<double>(desc, factor, a, aLayout, b, bLayout, d, dLayout);
        else
          multiplyAs<float>(desc, float(factor), a, aLayout, b, bLayout, d, dLayout);
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
