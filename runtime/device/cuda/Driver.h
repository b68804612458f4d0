// The CUDA driver, found while the program runs: nothing of it is needed to build Descent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace descent::device::cuda {

using CudaDeviceNumber = int;
using CudaContext = struct CudaContextTag *;
using CudaModule = struct CudaModuleTag *;
using CudaFunction = struct CudaFunctionTag *;
using CudaStream = struct CudaStreamTag *;
using CudaEvent = struct CudaEventTag *;
using CudaLink = struct CudaLinkTag *;
using CudaGraph = struct CudaGraphTag *;
using CudaGraphExec = struct CudaGraphExecTag *;
using CudaNode = struct CudaNodeTag *;
using CudaEdge = struct CudaEdgeTag;

/// The return codes that are told apart.
enum Code : int {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kNotInitialized = 3,
  kDeinitialized = 4,
  kStubLibrary = 34,
  kNeedsNewerDriver = 36,
  kDeviceUnavailable = 46,
  kNoDevice = 100,
  kInvalidDevice = 101,
  kNotLicensed = 102,
  kInvalidImage = 200,
  kNoBinaryForGpu = 209,
  kEccUncorrectable = 214,
  kInvalidPtx = 218,
  kNvlinkUncorrectable = 220,
  kJitCompilerNotFound = 221,
  kUnsupportedPtxVersion = 222,
  kJitDisabled = 223,
  kContained = 226,
  kOperatingSystem = 304,
  kNotFound = 500,
  kNotReady = 600,
  kIllegalAddress = 700,
  kLaunchOutOfResources = 701,
  kLaunchTimeout = 702,
  kAssert = 710,
  kHardwareStackError = 714,
  kIllegalInstruction = 715,
  kMisalignedAddress = 716,
  kInvalidAddressSpace = 717,
  kInvalidPc = 718,
  kLaunchFailed = 719,
  kCooperativeLaunchTooLarge = 720,
  kTensorMemoryLeak = 721,
  kNotPermitted = 800,
  kNotSupported = 801,
  kSystemNotReady = 802,
  kSystemDriverMismatch = 803,
  kCompatNotSupported = 804,
  kMpsConnectionFailed = 805,
  kMpsServerNotReady = 807,
  kMpsClientsReached = 808,
  kMpsConnectionsReached = 809,
  kMpsClientTerminated = 810,
  kExternalDevice = 911,
  kUnknown = 999,
};

enum DeviceAttribute : int {
  kMaxThreadsPerBlock = 1,
  kMaxSharedPerBlock = 8,
  kMultiprocessorCount = 16,
  kCanMapHostMemory = 19,
  kThreadsPerMultiprocessor = 39,
  kCapabilityMajor = 75,
  kCapabilityMinor = 76,
  kCooperativeLaunch = 95,
  kMaxSharedPerBlockOptin = 97,
  kMemoryPoolsSupported = 115,
};

enum FunctionAttribute : int { kStaticShared = 1, kLocal = 3, kMaxDynamicShared = 8 };
enum LinkOption : int {
  kErrorLogBuffer = 5,
  kErrorLogBufferBytes = 6,
};
enum LinkInput : int { kInputPtx = 1 };
enum StreamFlag : unsigned { kStreamNonBlocking = 1 };
enum EventFlag : unsigned { kEventDefault = 0, kEventDisableTiming = 2 };
enum HostMemoryFlag : unsigned { kHostPortable = 1, kHostMapped = 2 };

// ---- Graphs (cuda.h of CUDA 13.0: CUgraphNodeParams and what is in it) --------------------------

enum NodeKind : int { kKernelNode = 0, kConditionalNode = 13 };
enum ConditionKind : int { kWhile = 1, kSwitch = 2 };
enum HandleFlag : unsigned { kAssignDefault = 1 };
enum LaunchAttributeKind : int { kCooperative = 2 };
enum CaptureMode : int { kRelaxedCapture = 2 };

struct KernelNode {
  CudaFunction function;
  unsigned gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes;
  void **parameters, **extra;
  void *kernel;
  CudaContext context;
};
struct ConditionalNode {
  uint64_t handle;
  int kind;
  unsigned count;    ///< of bodies
  CudaGraph *bodies; ///< set where the node is added
  CudaContext context;
};
/// All that is unused has to be 0.
struct NodeParameters {
  int kind;
  int reserved[3];
  union {
    int64_t words[29];
    KernelNode kernel;
    ConditionalNode conditional;
  };
  int64_t last;
};
static_assert(sizeof(KernelNode) == 72 && offsetof(KernelNode, parameters) == 40);
static_assert(sizeof(ConditionalNode) == 32 && offsetof(ConditionalNode, bodies) == 16);
static_assert(sizeof(NodeParameters) == 256 && offsetof(NodeParameters, kernel) == 16);
union LaunchAttribute {
  char bytes[64];
  int cooperative;
};

/// The driver's functions.
struct Driver {
  /// The file that they were found in.
  std::string library;
#define CUDA_FUNCTION(name, symbol, parameters) int(*name) parameters = nullptr;
#include "runtime/device/cuda/Driver.def"
};

/// Finds the driver: libcuda.so.1, or the file that $DESCENT_LIBCUDA names (empty: none). Throws
/// DeviceError where there is none, or one that lacks something. Nothing is initialised.
std::shared_ptr<const Driver> findDriver();

/// A driver that is initialised. Throws DeviceError.
std::shared_ptr<const Driver> startDriver();

/// The version of CUDA that a driver is for: "13.0". "?" where it does not say.
std::string versionOf(const Driver &driver);

} // namespace descent::device::cuda
