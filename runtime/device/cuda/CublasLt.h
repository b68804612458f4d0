// NVIDIA's library for products of matrices, where it is installed.
#pragma once

#include "runtime/device/Product.h"
#include "runtime/device/cuda/Driver.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace descent::device::cuda {

using LtHandle = struct LtHandleTag *;
using LtDesc = struct LtDescTag *;
using LtLayout = struct LtLayoutTag *;
using LtPreference = struct LtPreferenceTag *;
struct LtAlgorithm {
  uint64_t data[8];
};
/// cublasLtMatmulHeuristicResult_t
struct LtChoice {
  LtAlgorithm algorithm;
  size_t workspaceBytes;
  int state;
  float waves;
  int reserved[4];
};

/// The values of cuBLASLt's enumerations that are used (cublasLt.h, cublas_api.h, library_types.h
/// of CUDA 13.0; they have been the same since CUDA 11.0).
enum LtCode : int {
  kLtSuccess = 0,
  kLtAllocFailed = 3,
  kLtInvalidValue = 7,
  kLtExecutionFailed = 13,
  kLtNotSupported = 15,
};
enum LtType : int { kLtF32 = 0, kLtF64 = 1 };
enum LtCompute : int {
  kLtComputeF32 = 68,
  kLtComputeF64 = 70,
  kLtComputeBf16 = 75,
  kLtComputeTf32 = 77,
};
enum LtDescAttribute : int { kLtTransA = 3, kLtTransB = 4, kLtEpilogue = 7, kLtBiasPointer = 8 };
/// What follows the product. What it calls ReLU gives 0 for NaN, and is not used for that:
/// https://forums.developer.nvidia.com/t/329783.
enum LtEpilogue : uint32_t { kLtAddBias = 4 };
enum LtTranspose : int32_t { kLtPlain = 0, kLtTransposed = 1 };
enum LtLayoutAttribute : int { kLtBatchCount = 5, kLtBatchStride = 6 };
/// Of the alignments those of the matrices A, B, C and D follow each other.
enum LtPreferenceAttribute : int { kLtWorkspaceBytes = 1, kLtLeastAlignment = 5 };

/// Its functions.
struct LtFunctions {
#define CUBLASLT_FUNCTION(name, symbol, parameters) int(*name) parameters = nullptr;
#include "runtime/device/cuda/CublasLt.def"
};

/// The library on a card, in whose context all of this is called. What it has found out about a
/// product it remembers.
class CublasLt {
public:
  /// Null where there is none: libcublasLt.so.13, .12 or .11, or the file that $DESCENT_LIBCUBLASLT
  /// names (empty: none). Nothing is loaded before it is needed.
  static std::unique_ptr<CublasLt> find();
  ~CublasLt();
  CublasLt(const CublasLt &) = delete;
  CublasLt &operator=(const CublasLt &) = delete;

  /// Bytes of working memory that `multiply` may use.
  static constexpr int64_t kWorkspaceBytes = int64_t{32} << 20;
  /// Whether it can be started, and has something for a product.
  bool has(const Product &product);
  /// Puts a product into the stream. Throws DeviceError: the library cannot do it.
  void multiply(const Product &product, const ProductArrays &arrays, uint64_t workspace,
                CudaStream stream);

private:
  explicit CublasLt(const LtFunctions &functions);

  struct Prepared;
  const Prepared &prepare(const Product &product);
  void setBias(const Prepared &prepared, uint64_t address);
  void check(int code, const char *doing) const;

  LtFunctions lt;
  LtHandle handle = nullptr;
  std::vector<std::unique_ptr<Prepared>> known;
};

} // namespace descent::device::cuda
