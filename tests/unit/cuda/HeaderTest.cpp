// What Descent declares of CUDA by itself is what CUDA's headers have, where they are installed:
// each value, each structure, and the parameters of each function.
#include "runtime/device/cuda/CublasLt.h"

#include <gtest/gtest.h>

#if __has_include(<cuda.h>)
#include <cuda.h>
#if CUDA_VERSION >= 13000 // what was written down here
#define HAS_CUDA
#endif
#endif
#if __has_include(<cublasLt.h>)
#include <cublasLt.h>
#define HAS_CUBLASLT
#endif

namespace descent::device::cuda {
namespace {

#if defined(HAS_CUDA) || defined(HAS_CUBLASLT)

/// Whether a value of one type can stand for one of the other in a call. Handles are pointers to
/// what nobody looks into; arrays of the card are addresses here, and may be pointers there.
template <class Ours, class Theirs> constexpr bool isSame() {
  if constexpr (std::is_pointer_v<Theirs> && std::is_same_v<Ours, uint64_t>) {
    return true;
  } else if constexpr (std::is_pointer_v<Ours> && std::is_pointer_v<Theirs>) {
    using O = std::remove_cv_t<std::remove_pointer_t<Ours>>;
    using T = std::remove_cv_t<std::remove_pointer_t<Theirs>>;
    if constexpr (std::is_void_v<O> || std::is_void_v<T>)
      return std::is_void_v<O> && std::is_void_v<T>;
    else if constexpr (std::is_class_v<O> || std::is_union_v<O>)
      return std::is_class_v<T> || std::is_union_v<T>;
    else
      return isSame<O, T>();
  } else if constexpr (std::is_enum_v<Theirs>) {
    return std::is_integral_v<Ours> && sizeof(Ours) == sizeof(Theirs);
  } else {
    return sizeof(Ours) == sizeof(Theirs) &&
           std::is_integral_v<Ours> == std::is_integral_v<Theirs> &&
           std::is_signed_v<Ours> == std::is_signed_v<Theirs>;
  }
}

template <class... Ours, class R, class... Theirs>
constexpr bool isSameCall(int (*)(Ours...), R (*)(Theirs...)) {
  if constexpr (sizeof...(Ours) == sizeof...(Theirs))
    return sizeof(R) == sizeof(int) && (isSame<Ours, Theirs>() && ...);
  else
    return false;
}

static_assert(!isSameCall((int (*)(int *)) nullptr, (int (*)(size_t *)) nullptr));
static_assert(!isSameCall((int (*)(int)) nullptr, (int (*)(void *)) nullptr));
static_assert(!isSameCall((int (*)(int)) nullptr, (int (*)(int, int)) nullptr));

#endif

#ifdef HAS_CUDA

#define CUDA_FUNCTION(name, symbol, parameters)                                                    \
  static_assert(isSameCall((int(*) parameters) nullptr, (decltype(&::symbol))nullptr), #symbol);
#include "runtime/device/cuda/Driver.def"

static_assert(int(kSuccess) == CUDA_SUCCESS);
static_assert(int(kInvalidValue) == CUDA_ERROR_INVALID_VALUE);
static_assert(int(kOutOfMemory) == CUDA_ERROR_OUT_OF_MEMORY);
static_assert(int(kNotInitialized) == CUDA_ERROR_NOT_INITIALIZED);
static_assert(int(kDeinitialized) == CUDA_ERROR_DEINITIALIZED);
static_assert(int(kStubLibrary) == CUDA_ERROR_STUB_LIBRARY);
static_assert(int(kNeedsNewerDriver) == CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER);
static_assert(int(kDeviceUnavailable) == CUDA_ERROR_DEVICE_UNAVAILABLE);
static_assert(int(kNoDevice) == CUDA_ERROR_NO_DEVICE);
static_assert(int(kInvalidDevice) == CUDA_ERROR_INVALID_DEVICE);
static_assert(int(kNotLicensed) == CUDA_ERROR_DEVICE_NOT_LICENSED);
static_assert(int(kInvalidImage) == CUDA_ERROR_INVALID_IMAGE);
static_assert(int(kNoBinaryForGpu) == CUDA_ERROR_NO_BINARY_FOR_GPU);
static_assert(int(kEccUncorrectable) == CUDA_ERROR_ECC_UNCORRECTABLE);
static_assert(int(kInvalidPtx) == CUDA_ERROR_INVALID_PTX);
static_assert(int(kNvlinkUncorrectable) == CUDA_ERROR_NVLINK_UNCORRECTABLE);
static_assert(int(kJitCompilerNotFound) == CUDA_ERROR_JIT_COMPILER_NOT_FOUND);
static_assert(int(kUnsupportedPtxVersion) == CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
static_assert(int(kJitDisabled) == CUDA_ERROR_JIT_COMPILATION_DISABLED);
static_assert(int(kContained) == CUDA_ERROR_CONTAINED);
static_assert(int(kOperatingSystem) == CUDA_ERROR_OPERATING_SYSTEM);
static_assert(int(kNotFound) == CUDA_ERROR_NOT_FOUND);
static_assert(int(kNotReady) == CUDA_ERROR_NOT_READY);
static_assert(int(kIllegalAddress) == CUDA_ERROR_ILLEGAL_ADDRESS);
static_assert(int(kLaunchOutOfResources) == CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
static_assert(int(kLaunchTimeout) == CUDA_ERROR_LAUNCH_TIMEOUT);
static_assert(int(kAssert) == CUDA_ERROR_ASSERT);
static_assert(int(kHardwareStackError) == CUDA_ERROR_HARDWARE_STACK_ERROR);
static_assert(int(kIllegalInstruction) == CUDA_ERROR_ILLEGAL_INSTRUCTION);
static_assert(int(kMisalignedAddress) == CUDA_ERROR_MISALIGNED_ADDRESS);
static_assert(int(kInvalidAddressSpace) == CUDA_ERROR_INVALID_ADDRESS_SPACE);
static_assert(int(kInvalidPc) == CUDA_ERROR_INVALID_PC);
static_assert(int(kLaunchFailed) == CUDA_ERROR_LAUNCH_FAILED);
static_assert(int(kCooperativeLaunchTooLarge) == CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE);
static_assert(int(kTensorMemoryLeak) == CUDA_ERROR_TENSOR_MEMORY_LEAK);
static_assert(int(kNotPermitted) == CUDA_ERROR_NOT_PERMITTED);
static_assert(int(kNotSupported) == CUDA_ERROR_NOT_SUPPORTED);
static_assert(int(kSystemNotReady) == CUDA_ERROR_SYSTEM_NOT_READY);
static_assert(int(kSystemDriverMismatch) == CUDA_ERROR_SYSTEM_DRIVER_MISMATCH);
static_assert(int(kCompatNotSupported) == CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE);
static_assert(int(kMpsConnectionFailed) == CUDA_ERROR_MPS_CONNECTION_FAILED);
static_assert(int(kMpsServerNotReady) == CUDA_ERROR_MPS_SERVER_NOT_READY);
static_assert(int(kMpsClientsReached) == CUDA_ERROR_MPS_MAX_CLIENTS_REACHED);
static_assert(int(kMpsConnectionsReached) == CUDA_ERROR_MPS_MAX_CONNECTIONS_REACHED);
static_assert(int(kMpsClientTerminated) == CUDA_ERROR_MPS_CLIENT_TERMINATED);
static_assert(int(kExternalDevice) == CUDA_ERROR_EXTERNAL_DEVICE);
static_assert(int(kUnknown) == CUDA_ERROR_UNKNOWN);

static_assert(int(kMaxThreadsPerBlock) == CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
static_assert(int(kMaxSharedPerBlock) == CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK);
static_assert(int(kMultiprocessorCount) == CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
static_assert(int(kCanMapHostMemory) == CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY);
static_assert(int(kThreadsPerMultiprocessor) == CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR);
static_assert(int(kCapabilityMajor) == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
static_assert(int(kCapabilityMinor) == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
static_assert(int(kCooperativeLaunch) == CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH);
static_assert(int(kMaxSharedPerBlockOptin) ==
              CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
static_assert(int(kMemoryPoolsSupported) == CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED);

static_assert(int(kStaticShared) == CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
static_assert(int(kLocal) == CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES);
static_assert(int(kMaxDynamicShared) == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
static_assert(int(kErrorLogBuffer) == CU_JIT_ERROR_LOG_BUFFER);
static_assert(int(kErrorLogBufferBytes) == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
static_assert(int(kInputPtx) == CU_JIT_INPUT_PTX);
static_assert(unsigned(kStreamNonBlocking) == CU_STREAM_NON_BLOCKING);
static_assert(unsigned(kEventDefault) == CU_EVENT_DEFAULT);
static_assert(unsigned(kEventDisableTiming) == CU_EVENT_DISABLE_TIMING);
static_assert(unsigned(kHostPortable) == CU_MEMHOSTALLOC_PORTABLE);
static_assert(unsigned(kHostMapped) == CU_MEMHOSTALLOC_DEVICEMAP);
static_assert(unsigned(kHostPortable) == CU_MEMHOSTREGISTER_PORTABLE);
static_assert(unsigned(kHostMapped) == CU_MEMHOSTREGISTER_DEVICEMAP);

static_assert(int(kKernelNode) == CU_GRAPH_NODE_TYPE_KERNEL);
static_assert(int(kConditionalNode) == CU_GRAPH_NODE_TYPE_CONDITIONAL);
static_assert(int(kWhile) == CU_GRAPH_COND_TYPE_WHILE);
static_assert(int(kSwitch) == CU_GRAPH_COND_TYPE_SWITCH);
static_assert(unsigned(kAssignDefault) == CU_GRAPH_COND_ASSIGN_DEFAULT);
static_assert(int(kCooperative) == CU_LAUNCH_ATTRIBUTE_COOPERATIVE);
static_assert(int(kRelaxedCapture) == CU_STREAM_CAPTURE_MODE_RELAXED);

#define SAME_PLACE(Ours, ours, Theirs, theirs)                                                     \
  static_assert(offsetof(Ours, ours) == offsetof(Theirs, theirs) &&                                \
                sizeof(Ours::ours) == sizeof(Theirs::theirs))
using TheirKernel = decltype(CUgraphNodeParams::kernel);
static_assert(sizeof(KernelNode) == sizeof(TheirKernel));
SAME_PLACE(KernelNode, function, TheirKernel, func);
SAME_PLACE(KernelNode, gridX, TheirKernel, gridDimX);
SAME_PLACE(KernelNode, gridY, TheirKernel, gridDimY);
SAME_PLACE(KernelNode, gridZ, TheirKernel, gridDimZ);
SAME_PLACE(KernelNode, blockX, TheirKernel, blockDimX);
SAME_PLACE(KernelNode, blockY, TheirKernel, blockDimY);
SAME_PLACE(KernelNode, blockZ, TheirKernel, blockDimZ);
SAME_PLACE(KernelNode, sharedBytes, TheirKernel, sharedMemBytes);
SAME_PLACE(KernelNode, parameters, TheirKernel, kernelParams);
SAME_PLACE(KernelNode, extra, TheirKernel, extra);
SAME_PLACE(KernelNode, kernel, TheirKernel, kern);
SAME_PLACE(KernelNode, context, TheirKernel, ctx);
using TheirConditional = decltype(CUgraphNodeParams::conditional);
static_assert(sizeof(ConditionalNode) == sizeof(TheirConditional));
SAME_PLACE(ConditionalNode, handle, TheirConditional, handle);
SAME_PLACE(ConditionalNode, kind, TheirConditional, type);
SAME_PLACE(ConditionalNode, count, TheirConditional, size);
SAME_PLACE(ConditionalNode, bodies, TheirConditional, phGraph_out);
SAME_PLACE(ConditionalNode, context, TheirConditional, ctx);
static_assert(sizeof(NodeParameters) == sizeof(CUgraphNodeParams));
SAME_PLACE(NodeParameters, kind, CUgraphNodeParams, type);
SAME_PLACE(NodeParameters, reserved, CUgraphNodeParams, reserved0);
SAME_PLACE(NodeParameters, kernel, CUgraphNodeParams, kernel);
SAME_PLACE(NodeParameters, conditional, CUgraphNodeParams, conditional);
SAME_PLACE(NodeParameters, last, CUgraphNodeParams, reserved2);
static_assert(sizeof(LaunchAttribute) == sizeof(CUlaunchAttributeValue));
SAME_PLACE(LaunchAttribute, cooperative, CUlaunchAttributeValue, cooperative);

#endif

#ifdef HAS_CUBLASLT

#define CUBLASLT_FUNCTION(name, symbol, parameters)                                                \
  static_assert(isSameCall((int(*) parameters) nullptr, (decltype(&::symbol))nullptr), #symbol);
#include "runtime/device/cuda/CublasLt.def"

static_assert(sizeof(LtAlgorithm) == sizeof(cublasLtMatmulAlgo_t));
static_assert(sizeof(LtChoice) == sizeof(cublasLtMatmulHeuristicResult_t));
static_assert(offsetof(LtChoice, algorithm) == offsetof(cublasLtMatmulHeuristicResult_t, algo));
static_assert(offsetof(LtChoice, workspaceBytes) ==
              offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize));
static_assert(offsetof(LtChoice, state) == offsetof(cublasLtMatmulHeuristicResult_t, state));
static_assert(offsetof(LtChoice, waves) == offsetof(cublasLtMatmulHeuristicResult_t, wavesCount));

static_assert(int(kLtSuccess) == CUBLAS_STATUS_SUCCESS);
static_assert(int(kLtAllocFailed) == CUBLAS_STATUS_ALLOC_FAILED);
static_assert(int(kLtInvalidValue) == CUBLAS_STATUS_INVALID_VALUE);
static_assert(int(kLtExecutionFailed) == CUBLAS_STATUS_EXECUTION_FAILED);
static_assert(int(kLtNotSupported) == CUBLAS_STATUS_NOT_SUPPORTED);
static_assert(int(kLtF32) == CUDA_R_32F && int(kLtF64) == CUDA_R_64F);
static_assert(int(kLtComputeF32) == CUBLAS_COMPUTE_32F);
static_assert(int(kLtComputeF64) == CUBLAS_COMPUTE_64F);
static_assert(int(kLtComputeBf16) == CUBLAS_COMPUTE_32F_FAST_16BF);
static_assert(int(kLtComputeTf32) == CUBLAS_COMPUTE_32F_FAST_TF32);
static_assert(int(kLtTransA) == CUBLASLT_MATMUL_DESC_TRANSA);
static_assert(int(kLtTransB) == CUBLASLT_MATMUL_DESC_TRANSB);
static_assert(int(kLtEpilogue) == CUBLASLT_MATMUL_DESC_EPILOGUE);
static_assert(int(kLtBiasPointer) == CUBLASLT_MATMUL_DESC_BIAS_POINTER);
static_assert(uint32_t(kLtAddBias) == CUBLASLT_EPILOGUE_BIAS);
static_assert(int(kLtPlain) == CUBLAS_OP_N && int(kLtTransposed) == CUBLAS_OP_T);
static_assert(int(kLtBatchCount) == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT);
static_assert(int(kLtBatchStride) == CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET);
static_assert(int(kLtWorkspaceBytes) == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
static_assert(int(kLtLeastAlignment) == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES);
static_assert(kLtLeastAlignment + 1 == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES &&
              kLtLeastAlignment + 2 == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES &&
              kLtLeastAlignment + 3 == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES);

#endif

// All of it was looked at when this was compiled.
TEST(Header, DriverIsAsDeclared) {
#ifndef HAS_CUDA
  GTEST_SKIP() << "there was no cuda.h of CUDA 13.0 or later when this was built";
#endif
}

TEST(Header, LibraryIsAsDeclared) {
#ifndef HAS_CUBLASLT
  GTEST_SKIP() << "there was no cublasLt.h when this was built";
#endif
}

} // namespace
} // namespace descent::device::cuda
