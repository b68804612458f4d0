#include "frontend/session/Identity.h"

namespace descent {
namespace {

/// Every list is preceded by its length and every choice by its number, so that different programs
/// cannot have the same bytes.
class Writer {
public:
  std::string bytes;

  void program(const sema::Program &program) {
    number(static_cast<uint64_t>(program.products));
    list(program.values, [&](const sema::TensorType &type) {
      number(static_cast<uint64_t>(type.dtype));
      numbers(type.dims);
    });
    region(program.main);
    list(program.exports, [&](const sema::Function &function) {
      text(function.name);
      region(function.body);
    });
  }

private:
  void number(uint64_t value) { raw(&value, sizeof(value)); }
  void raw(const void *from, size_t size) { bytes.append(static_cast<const char *>(from), size); }

  void text(std::string_view value) {
    number(value.size());
    bytes += value;
  }

  template <typename T> void numbers(const std::vector<T> &values) {
    number(values.size());
    raw(values.data(), values.size() * sizeof(T));
  }

  template <typename T, typename Fn> void list(const std::vector<T> &items, Fn &&item) {
    number(items.size());
    for (const T &each : items)
      item(each);
  }

  void attribute(const sema::Attribute &value) {
    number(value.index());
    if (auto integer = std::get_if<int64_t>(&value)) {
      number(static_cast<uint64_t>(*integer));
    } else if (auto integers = std::get_if<std::vector<int64_t>>(&value)) {
      numbers(*integers);
    } else if (auto flag = std::get_if<bool>(&value)) {
      number(*flag);
    } else if (auto keyword = std::get_if<std::string>(&value)) {
      text(*keyword);
    } else {
      const auto &elements = std::get<sema::ConstantData>(value).elements;
      number(elements.index());
      std::visit([&](const auto &values) { numbers(values); }, elements);
    }
  }

  void operation(const sema::Op &op) {
    text(op.name);
    numbers(op.operands);
    numbers(op.results);
    list(op.attributes, [&](const auto &named) {
      text(named.first);
      attribute(named.second);
    });
    numbers(op.operandGroups);
    list(op.regions, [&](const sema::Region &inner) { region(inner); });
  }

  void region(const sema::Region &region) {
    numbers(region.args);
    list(region.ops, [&](const sema::Op &op) { operation(op); });
    numbers(region.yields);
  }
};

} // namespace

std::string identityOf(const sema::Program &program) {
  Writer writer;
  writer.program(program);
  return std::move(writer.bytes);
}

} // namespace descent
