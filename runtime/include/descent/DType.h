// The element types of Descent's arrays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace descent {

/// An element type. The names users see are f64, f32, i64, i32, u32, bool and key.
enum class DType : uint8_t { F64, F32, I64, I32, U32, Bool, Key };

/// The number of element types; they are numbered from 0.
inline constexpr int dtypeCount = 7;

/// Bytes of one element. A bool is one byte (0 or 1); a key is eight: k0 << 32 | k1.
constexpr size_t sizeOf(DType type) {
  switch (type) {
  case DType::F64:
  case DType::I64:
  case DType::Key:
    return 8;
  case DType::F32:
  case DType::I32:
  case DType::U32:
    return 4;
  case DType::Bool:
    return 1;
  }
  return 0;
}

/// The name of an element type in the language: "f32".
constexpr std::string_view nameOf(DType type) {
  switch (type) {
  case DType::F64:
    return "f64";
  case DType::F32:
    return "f32";
  case DType::I64:
    return "i64";
  case DType::I32:
    return "i32";
  case DType::U32:
    return "u32";
  case DType::Bool:
    return "bool";
  case DType::Key:
    return "key";
  }
  return "";
}

/// The element type of a name, or nothing where no type is called that.
constexpr std::optional<DType> dtypeFromName(std::string_view name) {
  for (int i = 0; i < dtypeCount; ++i)
    if (nameOf(static_cast<DType>(i)) == name)
      return static_cast<DType>(i);
  return std::nullopt;
}

constexpr bool isFloat(DType type) {
  return type == DType::F64 || type == DType::F32;
}

/// i64, i32 and u32; neither bool nor key.
constexpr bool isInteger(DType type) {
  return type == DType::I64 || type == DType::I32 || type == DType::U32;
}

/// The element type of a C++ type. A key is held as uint64_t (there is no u64 in the language).
template <typename T> struct DTypeOf;
template <> struct DTypeOf<double> {
  static constexpr DType value = DType::F64;
};
template <> struct DTypeOf<float> {
  static constexpr DType value = DType::F32;
};
template <> struct DTypeOf<int64_t> {
  static constexpr DType value = DType::I64;
};
template <> struct DTypeOf<int32_t> {
  static constexpr DType value = DType::I32;
};
template <> struct DTypeOf<uint32_t> {
  static constexpr DType value = DType::U32;
};
template <> struct DTypeOf<bool> {
  static constexpr DType value = DType::Bool;
};
template <> struct DTypeOf<uint64_t> {
  static constexpr DType value = DType::Key;
};

template <typename T> inline constexpr DType dtypeOf = DTypeOf<T>::value;

/// Calls `fn` with a value of the C++ type of `type`: visitDType(t, [](auto zero) { … }).
template <typename Fn> decltype(auto) visitDType(DType type, Fn &&fn) {
  switch (type) {
  case DType::F64:
    return fn(double{});
  case DType::F32:
    return fn(float{});
  case DType::I64:
    return fn(int64_t{});
  case DType::I32:
    return fn(int32_t{});
  case DType::U32:
    return fn(uint32_t{});
  case DType::Bool:
    return fn(bool{});
  case DType::Key:
    break;
  }
  return fn(uint64_t{});
}

} // namespace descent
