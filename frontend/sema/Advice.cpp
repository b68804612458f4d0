#include "frontend/sema/Advice.h"

#include "frontend/library/Library.h"

#include <algorithm>

namespace descent::sema {
namespace {

struct Advice {
  std::string_view name, text;
};

constexpr std::string_view kPrefix = "functions have no prefix: `zeros([3])`, `grad(f)`";

constexpr Advice kAdvice[] = {
    {"np", kPrefix},
    {"jnp", kPrefix},
    {"numpy", kPrefix},
    {"jax", kPrefix},
    {"torch", kPrefix},
    {"math", kPrefix},
    {"plt", "there are no figures yet; `save(value, \"x.csv\")` writes what to draw"},
    {"break", "a loop ends by its condition: `while go { … }`"},
    {"continue", "what is left out stands in an `if`"},
    {"pass", "an empty body is `{}`"},
    {"range", "write `for i in 0..n`, or `arange(n)` for an array"},
    {"enumerate", "write `for i in 0..len(xs)`, and `xs[i]` for the element"},
    {"True", "write `true`"},
    {"False", "write `false`"},
    {"None", "there is no such value; `()` is an empty tuple"},
    {"float", "write `f32(x)` or `f64(x)`"},
    {"int", "write `i32(x)`"},
    {"rand", "random numbers come from keys: `uniform(key(0), [3])`"},
    {"random", "random numbers come from keys: `uniform(key(0), [3])`"},
    {"randn", "random numbers come from keys: `normal(key(0), [3])`"},
    {"train", "write `train loss with adam(rate=0.01), steps=100`, without parentheses"},
    {"jit", "everything is compiled"},
};

/// Whether the text of a module of the library has a function of that name.
bool hasFunction(std::string_view text, std::string_view name) {
  std::string start = "\nfn " + std::string(name) + "(";
  return text.find(start) != std::string_view::npos;
}

} // namespace

std::string adviceForName(std::string_view name) {
  auto known = std::ranges::find(kAdvice, name, &Advice::name);
  if (known != std::end(kAdvice))
    return std::string(known->text);
  for (std::string_view module : library::moduleNames())
    if (module == name)
      return "it is a module of the library: write `use " + std::string(module) + "` above";
    else if (auto text = library::moduleText(module); text && hasFunction(*text, name))
      return "write `" + std::string(module) + "." + std::string(name) + "`, after `use " +
             std::string(module) + "`";
  return "";
}

} // namespace descent::sema
