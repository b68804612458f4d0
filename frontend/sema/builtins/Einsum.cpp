#include "frontend/sema/builtins/Einsum.h"

#include "frontend/sema/builtins/Support.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <string>

namespace descent::sema {
namespace {

/// An operand of the product: an array and a letter for each axis.
struct Factor {
  ArrayValue array;
  std::string letters;
};

/// Stands for `...` until the operands' ranks are known; then each of its axes has a letter of its own,
/// counted from the last: kLastAxis, kLastAxis + 1 …
constexpr char kEllipsis = '.', kLastAxis = '\x80';

struct Subscripts {
  std::vector<std::string> operands;
  std::string output;
};

bool contains(std::string_view letters, char letter) {
  return letters.find(letter) != std::string_view::npos;
}

/// What the text says, or why it cannot be read.
std::optional<Subscripts> parse(std::string_view text, std::string &problem) {
  Subscripts result;
  result.operands.emplace_back();
  bool arrow = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == ' ')
      continue;
    if (c == '-' && i + 1 < text.size() && text[i + 1] == '>' && !arrow) {
      arrow = true;
      ++i;
    } else if (c == ',' && !arrow) {
      result.operands.emplace_back();
    } else if (text.substr(i).starts_with("...")) {
      std::string &letters = arrow ? result.output : result.operands.back();
      if (contains(letters, kEllipsis)) {
        problem = "`...` stands twice in one list of axes of einsum";
        return std::nullopt;
      }
      letters += kEllipsis;
      i += 2;
    } else if (std::isalpha(static_cast<unsigned char>(c))) {
      (arrow ? result.output : result.operands.back()) += c;
    } else {
      problem = "the subscripts of einsum are letters, `...`, commas and one `->`; this is `" +
                std::string(1, c) + "`";
      return std::nullopt;
    }
  }
  std::map<char, int> uses;
  for (const std::string &letters : result.operands)
    for (char c : letters)
      ++uses[c];
  if (!arrow)
    for (auto [letter, count] : uses)
      if (count == 1 || letter == kEllipsis)
        result.output += letter;
  if (arrow && uses.contains(kEllipsis) && !contains(result.output, kEllipsis)) {
    problem = "the axes that `...` stands for are missing in the result of einsum";
    return std::nullopt;
  }
  for (size_t i = 0; i < result.output.size(); ++i) {
    char c = result.output[i];
    if (!uses.contains(c) && c != kEllipsis) {
      problem = "no operand of einsum has the axis `" + std::string(1, c) + "` of the result";
      return std::nullopt;
    }
    if (contains(result.output.substr(0, i), c)) {
      problem = "the result of einsum names the axis `" + std::string(1, c) + "` twice";
      return std::nullopt;
    }
  }
  return result;
}

/// Puts letters in place of a `...` that stands for `count` axes.
void expandEllipsis(std::string &letters, int64_t count) {
  size_t at = letters.find(kEllipsis);
  if (at == std::string::npos)
    return;
  std::string axes;
  for (int64_t i = count; i-- > 0;)
    axes += static_cast<char>(kLastAxis + i);
  letters.replace(at, 1, axes);
}

bool isOfEllipsis(char letter) { return static_cast<unsigned char>(letter) >= 0x80; }

/// Takes the axes of size 1 away that `...` broadcasts.
void dropBroadcast(Builder &builder, Factor &factor, const std::map<char, int64_t> &sizes) {
  Dims dims;
  std::string letters;
  for (size_t i = 0; i < factor.letters.size(); ++i) {
    char c = factor.letters[i];
    if (isOfEllipsis(c) && factor.array.type.dims[i] != sizes.at(c))
      continue;
    letters += c;
    dims.push_back(factor.array.type.dims[i]);
  }
  if (letters.size() == factor.letters.size())
    return;
  factor.array = builder.reshape(factor.array, dims);
  factor.letters = letters;
}

class Contraction {
public:
  Contraction(Builder &builder, std::string output) : builder(builder), output(std::move(output)) {}

  ArrayValue run(std::vector<Factor> factors) {
    for (Factor &factor : factors)
      takeDiagonals(factor);
    while (factors.size() > 1) {
      auto [i, j] = cheapestPair(factors);
      Factor right = factors[j], left = factors[i];
      factors.erase(factors.begin() + j);
      factors.erase(factors.begin() + i);
      std::string needed = output;
      for (const Factor &other : factors)
        needed += other.letters;
      sumOut(left, needed + right.letters);
      sumOut(right, needed + left.letters);
      factors.push_back(multiply(left, right, needed));
    }
    Factor &last = factors.front();
    sumOut(last, output);
    Dims permutation;
    for (char c : output)
      permutation.push_back(static_cast<int64_t>(last.letters.find(c)));
    return builder.transpose(last.array, permutation);
  }

private:
  Builder &builder;
  std::string output;

  /// Where a letter stands twice, takes the diagonal of the two axes.
  void takeDiagonals(Factor &factor) {
    for (size_t i = 0; i < factor.letters.size(); ++i) {
      size_t j = factor.letters.find(factor.letters[i], i + 1);
      if (j == std::string::npos)
        continue;
      Dims permutation;
      std::string letters;
      for (size_t k = 0; k < factor.letters.size(); ++k)
        if (k != i && k != j) {
          permutation.push_back(static_cast<int64_t>(k));
          letters += factor.letters[k];
        }
      permutation.push_back(static_cast<int64_t>(i));
      permutation.push_back(static_cast<int64_t>(j));
      factor.array = diagonal(builder, builder.transpose(factor.array, permutation), 0);
      factor.letters = letters + factor.letters[i];
      i = static_cast<size_t>(-1); // a letter may stand there three times
    }
  }

  /// Sums over the axes that nothing else needs.
  void sumOut(Factor &factor, std::string_view needed) {
    Dims axes;
    std::string kept;
    for (size_t i = 0; i < factor.letters.size(); ++i)
      if (contains(needed, factor.letters[i]))
        kept += factor.letters[i];
      else
        axes.push_back(static_cast<int64_t>(i));
    factor.array = builder.reduce("reduce_sum", factor.array, axes);
    factor.letters = kept;
  }

  Factor multiply(const Factor &left, const Factor &right, std::string_view needed) {
    Dims leftBatch, rightBatch, leftContract, rightContract;
    std::string batch, leftFree, rightFree;
    for (size_t i = 0; i < left.letters.size(); ++i) {
      char c = left.letters[i];
      size_t j = right.letters.find(c);
      if (j == std::string::npos) {
        leftFree += c;
        continue;
      }
      bool keep = contains(needed, c);
      (keep ? leftBatch : leftContract).push_back(static_cast<int64_t>(i));
      (keep ? rightBatch : rightContract).push_back(static_cast<int64_t>(j));
      if (keep)
        batch += c;
    }
    for (char c : right.letters)
      if (!contains(left.letters, c))
        rightFree += c;
    if (leftContract.empty())
      return elementwise(left, right, batch + leftFree + rightFree);
    return {
        builder.dot(left.array, right.array, leftBatch, rightBatch, leftContract, rightContract),
        batch + leftFree + rightFree};
  }

  /// A product that sums over nothing.
  Factor elementwise(const Factor &left, const Factor &right, const std::string &letters) {
    Dims shape;
    for (char c : letters) {
      const Factor &from = contains(left.letters, c) ? left : right;
      shape.push_back(from.array.type.dims[from.letters.find(c)]);
    }
    auto spread = [&](const Factor &factor) {
      Dims permutation, places;
      for (size_t i = 0; i < letters.size(); ++i)
        if (size_t at = factor.letters.find(letters[i]); at != std::string::npos) {
          permutation.push_back(static_cast<int64_t>(at));
          places.push_back(static_cast<int64_t>(i));
        }
      return builder.broadcast(builder.transpose(factor.array, permutation), shape, places);
    };
    return {builder.binary("mul", spread(left), spread(right)), letters};
  }

  /// The pair whose product has the fewest elements; the first of several.
  std::pair<size_t, size_t> cheapestPair(const std::vector<Factor> &factors) const {
    std::pair<size_t, size_t> best{0, 1};
    double least = -1;
    for (size_t i = 0; i < factors.size(); ++i)
      for (size_t j = i + 1; j < factors.size(); ++j) {
        std::string needed = output;
        for (size_t k = 0; k < factors.size(); ++k)
          if (k != i && k != j)
            needed += factors[k].letters;
        double size = 1;
        std::string counted;
        for (const Factor *factor : {&factors[i], &factors[j]})
          for (size_t k = 0; k < factor->letters.size(); ++k)
            if (char c = factor->letters[k]; contains(needed, c) && !contains(counted, c)) {
              counted += c;
              size *= double(factor->array.type.dims[k]);
            }
        if (least < 0 || size < least) {
          least = size;
          best = {i, j};
        }
      }
    return best;
  }
};

} // namespace

Value einsumFunction(BuiltinCall &call) {
  auto text = call.sema.expectKnownText(call.arguments[0]);
  if (!text)
    return ErrorValue{};
  std::string problem;
  auto subscripts = parse(*text, problem);
  if (!subscripts)
    return fail(call, call.arguments[0], Msg::EinsumSubscripts, problem);
  if (subscripts->operands.size() != call.rest.size())
    return fail(call, call.arguments[0], Msg::EinsumSubscripts,
                "the subscripts are of " + std::to_string(subscripts->operands.size()) +
                    " operands, but einsum is given " + std::to_string(call.rest.size()));
  std::vector<Factor> factors;
  std::map<char, int64_t> sizes;
  int64_t ellipsisAxes = 0;
  std::optional<ArrayValue> common;
  for (size_t i = 0; i < call.rest.size(); ++i) {
    auto x = expectNumber(call, call.rest[i]);
    if (!x)
      return ErrorValue{};
    std::string letters = subscripts->operands[i];
    bool isOpen = contains(letters, kEllipsis);
    int64_t named = std::ssize(letters) - (isOpen ? 1 : 0);
    if (isOpen ? named > x->rank() : named != x->rank()) {
      std::string shown = letters;
      if (isOpen)
        shown.replace(shown.find(kEllipsis), 1, "...");
      return fail(call, call.rest[i], Msg::EinsumSubscripts,
                  "`" + shown + "` names " + std::to_string(named) + " axes, but this is " +
                      describe(x->type));
    }
    if (isOpen)
      ellipsisAxes = std::max(ellipsisAxes, x->rank() - named);
    expandEllipsis(letters, x->rank() - named);
    for (size_t axis = 0; axis < letters.size(); ++axis) {
      int64_t size = x->type.dims[axis];
      auto [known, isNew] = sizes.try_emplace(letters[axis], size);
      if (!isNew && isOfEllipsis(letters[axis])) {
        if (known->second == 1)
          known->second = size;
        if (size != 1 && size != known->second)
          return fail(call, call.rest[i], Msg::EinsumSubscripts,
                      "`...` stands for an axis of size " + std::to_string(size) +
                          " here, but of size " + std::to_string(known->second) + " before");
      } else if (!isNew && known->second != x->type.dims[axis])
        return fail(call, call.rest[i], Msg::EinsumSubscripts,
                    "the axis `" + std::string(1, letters[axis]) + "` has size " +
                        std::to_string(x->type.dims[axis]) + " here, but " +
                        std::to_string(known->second) + " before");
    }
    if (!common) {
      common = *x;
    } else {
      auto dtype = call.sema.promote(*common, *x);
      if (!dtype)
        return fail(call, call.rest[i], Msg::DtypeMismatch, call.name, describe(x->type));
      common->type.dtype = *dtype;
      common->weak = common->weak && x->weak;
    }
    factors.push_back({*x, letters});
  }
  for (Factor &factor : factors)
    if (factor.array.type.dtype != common->type.dtype)
      factor.array = call.sema.builder.convert(factor.array, common->type.dtype);
  for (Factor &factor : factors)
    dropBroadcast(call.sema.builder, factor, sizes);
  expandEllipsis(subscripts->output, ellipsisAxes);
  return Contraction(call.sema.builder, subscripts->output).run(std::move(factors));
}

} // namespace descent::sema
