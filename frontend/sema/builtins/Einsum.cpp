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
    } else if (std::isalpha(static_cast<unsigned char>(c))) {
      (arrow ? result.output : result.operands.back()) += c;
    } else {
      problem = "the subscripts of einsum are letters, commas and one `->`; this is `" +
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
      if (count == 1)
        result.output += letter;
  for (size_t i = 0; i < result.output.size(); ++i) {
    char c = result.output[i];
    if (!uses.count(c)) {
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
  if (contains(*text, '.'))
    return notSupported(call, call.arguments[0], "`...` in the subscripts of einsum");
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
  std::optional<ArrayValue> common;
  for (size_t i = 0; i < call.rest.size(); ++i) {
    auto x = expectNumber(call, call.rest[i]);
    if (!x)
      return ErrorValue{};
    const std::string &letters = subscripts->operands[i];
    if (std::ssize(letters) != x->rank())
      return fail(call, call.rest[i], Msg::EinsumSubscripts,
                  "`" + letters + "` names " + std::to_string(letters.size()) +
                      " axes, but this is " + describe(x->type));
    for (size_t axis = 0; axis < letters.size(); ++axis) {
      auto [known, isNew] = sizes.try_emplace(letters[axis], x->type.dims[axis]);
      if (!isNew && known->second != x->type.dims[axis])
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
  return Contraction(call.sema.builder, subscripts->output).run(std::move(factors));
}

} // namespace descent::sema
