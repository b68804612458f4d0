#include "tests/unit/emit/RandomSizes.h"
#include "tests/unit/emit/RandomBody.h"

#include <algorithm>

namespace descent::fuzz {
namespace {

/// A size of at most `most`: around vectors, warps, tiles.
int anySize(RandomBody &body, int64_t most) {
  static const std::vector<int> sizes = {1,   1,   2,   3,   4,   5,    7,    8,   9,   15,
                                         16,  17,  31,  32,  33,  63,   64,   65,  100, 127,
                                         128, 130, 257, 513, 600, 1000, 1025, 2049};
  std::vector<int> found;
  for (int size : sizes)
    if (size <= most)
      found.push_back(size);
  return body.pick(found);
}

/// `let` or `data` items of these shapes, known to the body as x0, x1 …
void inputs(RandomBody &body, bool single, const std::vector<Dims> &shapes) {
  for (const Dims &shape : shapes) {
    std::string name = body.fresh("x");
    if (body.chance(3) && RandomBody::sizeOf(shape) > 0) {
      body.text += "data " + name + " = \"" + (single ? "f32" : "f64");
      for (int size : shape)
        body.text += " " + std::to_string(size);
      body.text += "\"\n";
    } else {
      body.text += "let " + name + " = 0.5 * normal(key(" + std::to_string(body.below(1000)) +
                   "), " + RandomBody::listOf(shape) + ")\n";
    }
    body.known.push_back({name, shape, 2});
  }
}

std::vector<Dims> someShapes(RandomBody &body) {
  body.budget = body.pick({100, 300, 1000, 2000, 4000, 9000, 9000, 40000});
  if (body.chance(25)) // nothing
    return body.chance(2) ? std::vector<Dims>{{0}, {5}, {0}}
                          : std::vector<Dims>{{3, 0}, {3}, {3, 0}};
  if (body.chance(3)) { // vectors
    int n = body.chance(2) ? anySize(body, 300)
                           : body.pick({1000, 1023, 1025, 2048, 3001, 4099, 8192, 8193, 70003});
    body.budget = std::max<int64_t>(body.budget, n);
    return {{n}, {n}, {anySize(body, n)}};
  }
  int n = anySize(body, body.pick({17, 65, 1025, 2049})),
      m = anySize(body, std::max<int64_t>(1, body.budget / n));
  body.budget = std::max<int64_t>(body.budget, n * m);
  std::vector<Dims> shapes = {
      {n, m}, {n, m}, {m}, {n}, {m, anySize(body, std::min<int64_t>(64, body.budget / m))}};
  if (body.chance(5) && n * m * 3 <= 4000)
    shapes.push_back({3, n, m});
  return shapes;
}

std::string joined(const std::vector<std::string> &items) {
  std::string result;
  for (const std::string &item : items)
    result += (result.empty() ? "" : ", ") + item;
  return result;
}

} // namespace

SizedScript sizedScript(uint64_t seed) {
  RandomBody body(seed * 2654435761u + 17);
  SizedScript script;
  script.isSingle = body.chance(4);
  body.text = std::string("precision ") + (script.isSingle ? "f32" : "f64") + "\n";
  body.helperFunctions(2);
  std::vector<Dims> shapes = someShapes(body);
  inputs(body, script.isSingle, shapes);
  // Close values would decide otherwise in f32.
  body.isSmooth = script.isSingle && !body.chance(6);

  std::vector<std::string> arguments, parameters;
  for (Known &k : body.known) {
    arguments.push_back(k.text);
    parameters.push_back("p" + k.text.substr(1));
  }
  for (size_t i = 0; i < body.known.size(); ++i)
    body.known[i].text = parameters[i];
  body.text += "fn f(" + joined(parameters) + ") = {\n";
  size_t given = body.known.size();
  for (int count = body.pick({2, 3, 5, 8, 12}); count > 0; --count)
    body.statement();
  std::vector<Known> results;
  for (size_t i = given; i < body.known.size(); ++i)
    if (body.chance(2) && results.size() < 6)
      results.push_back(body.known[i]);
  results.push_back(body.known.back());
  std::vector<std::string> texts, names;
  for (const Known &result : results) {
    texts.push_back(result.text);
    names.push_back("o" + std::to_string(names.size()));
  }
  bool one = names.size() == 1;
  body.text += "  " + (one ? texts[0] : "(" + joined(texts) + ")") + "\n}\n";
  std::string call = "f(" + joined(arguments) + ")";
  std::string pattern = one ? names[0] : "(" + joined(names) + ")";
  body.text += "let " + pattern + " = " + call + "\n";
  script.value = body.text;

  std::string total;
  for (const std::string &name : names)
    total += (total.empty() ? "" : " + ") + ("sum(sin(" + name + " + 0.3))");
  std::string &after = script.derivatives;
  std::string first = arguments[0], rest;
  for (size_t i = 1; i < arguments.size(); ++i)
    rest += ", " + arguments[i];
  after = "fn g(" + joined(parameters) + ") = {\n  let " + pattern + " = f(" + joined(parameters) +
          ")\n  " + total + "\n}\n";
  after += "let t = cos(3.0 * " + first + ")\n";
  switch (body.below(8)) {
  case 0:
    after.clear();
    break;
  case 1:
  case 2: {
    std::string numbers;
    for (size_t i = 0; i < arguments.size(); ++i)
      numbers += (i ? ", " : "") + std::to_string(i);
    after += "let gr = grad(g, argnums=(" + numbers + "))(" + joined(arguments) + ")\n";
    break;
  }
  case 3: // of derivatives
    after += "fn slope(p) = sum(grad(g)(p" + rest + ") * t)\nlet (ps, pd) = jvp(slope, " + first +
             ", t)\n";
    if (body.chance(2))
      after += "let gg = grad(slope)(" + first + ")\n";
    break;
  case 4: // of a batch
    after += "let batch = stack((" + first + ", t, 0.5 * t))\n";
    after += body.chance(2) ? "let many = vmap(p -> g(p" + rest + "))(batch)\n"
                            : "let many = vmap(p -> grad(g)(p" + rest + "))(batch)\n";
    break;
  case 5: // in a loop
    after +=
        "var moving = " + first +
        "\nfor step in 0..3 {\n  let (value, slope) = value_and_grad(p -> g(p" + rest +
        "))(moving)\n  moving = moving - 0.01 * slope / (1.0 + norm(slope))\n}\nlet end = moving\n";
    break;
  default:
    script.hasModes = true;
    after += "let gr = grad(g)(" + joined(arguments) + ")\nlet along = sum(gr * t)\n" +
             "let (ahead, forward) = jvp(p -> g(p" + rest + "), " + first + ", t)\n";
  }
  return script;
}

SizedScript trainingScript(uint64_t seed) {
  RandomBody body(seed * 2246822519u + 5);
  SizedScript script;
  script.isSingle = body.chance(3);
  std::string type = script.isSingle ? "f32" : "f64";
  body.text = "precision " + type + "\nuse nn\n";
  body.helperFunctions(1);
  int r = body.pick({1, 2, 7, 15, 16, 17, 33, 100, 257}),
      c = body.pick({1, 2, 3, 15, 16, 17, 33, 65}), k = body.pick({1, 2, 3, 10, 16, 17, 33});
  bool isLong = body.chance(3); // many rows, few numbers to be trained
  if (isLong) {
    r = body.pick({600, 1000, 2049, 5000});
    c = body.pick({1, 2, 3, 5, 8});
    k = body.pick({1, 2, 3, 5});
  }
  std::string n = std::to_string(r), m = std::to_string(c), classes = std::to_string(k);
  if (body.chance(3))
    body.text += "let dx = 0.5 * normal(key(1), [" + n + ", " + m + "])\n";
  else
    body.text += "data dx = \"" + type + " " + n + " " + m + "\"\n";
  body.text += "let dy = randint(key(2), [" + n + "], 0, " + classes + ")\n";
  body.text += "param w = 0.3 * normal(key(3), [" + m + ", " + classes + "])\n";
  body.text += "param b = 0.1 * normal(key(4), [" + classes + "])\n";
  int batch = std::min(r, body.pick({1, 2, 3, 16, 33, r, r}));

  std::string loss;
  // The last few take each row by itself, or each with each.
  switch (body.below(isLong ? 11 : 14)) {
  case 0:
    loss = "mean(nn.cross_entropy(x @ w + b, y))";
    break;
  case 1:
    loss = "{\n  let h = x @ w + b\n  let z = (h - mean(h, axis=1, keepdims=true)) / sqrt(var(h, "
           "axis=1, "
           "keepdims=true) + 0.1)\n  mean(z^2 * b) + mean(nn.cross_entropy(z, y))\n}";
    break;
  case 2:
    loss = "mean(roll(x @ w, 1, axis=0) * 0.9 * (x @ w) + b) + sum(" + body.helpers[0] + "(w)^2)";
    break;
  case 3:
    loss = "{\n  let h = silu(x @ w + b)\n  mean((h @ w.T - x)^2) + 0.01 * sum(w^2)\n}";
    break;
  case 4:
    loss = "{\n  let e = w.T[y]\n  mean((e - x)^2) + mean(b[y]^2)\n}";
    break;
  case 5:
    loss = "mean(logsumexp(x @ w, axis=1)) + 0.1 * mean(cumsum(x @ w + b, axis=1)^2)";
    break;
  case 6:
    loss = "mean((softmax(x @ w + b, axis=1) - one_hot(y, " + classes + "))^2)";
    break;
  case 7:
    loss = "{\n  var u = b\n  for i in 0..3 { u = u - 0.1 * mean((x @ w) * u - 1, axis=0) }\n  "
           "mean(u^2)\n}";
    break;
  case 8:
    loss = "{\n  var u = x @ w + b\n  var i = 0\n  while i < 4 and mean(u^2) > 0.0531 {\n    u = "
           "0.7 * u - "
           "0.05 * softmax(u, axis=1)\n    i += 1\n  }\n  mean(u^2)\n}";
    break;
  case 9:
    loss = "{\n  let g = grad(v -> mean(tanh(x @ w + v)^2))(b)\n  sum(g^2) + mean((x @ w)^2)\n}";
    break;
  case 10:
    loss = "mean(vmap(row -> " + body.vectorHelpers[0] + "(row @ w + b))(x)^2) + sum(b^2)";
    break;
  case 11:
    loss = "{\n  var z = x @ w\n  for i in 0..len(z) { z[i] = 0.5 * tanh(z[i]) + 0.3 * z[(i + 1) % "
           "len(z)] "
           "+ b }\n  mean(z^2)\n}";
    break;
  case 12:
    loss = "{\n  var h = 0 * b\n  for row in x { h = tanh(0.5 * h + row @ w + b) }\n  mean((h - "
           "0.3)^2)\n}";
    break;
  default:
    loss = "{\n  let h = tanh(x @ w + b)\n  let a = softmax(h @ h.T, axis=1) @ h\n  mean((a - "
           "b)^2)\n}";
  }
  body.text += "fn loss(x, y) = " + loss + "\n";
  int steps = r / std::max(1, batch);
  std::string optimizer = body.pick<std::string>(
      {"sgd(rate=0.05)", "adam(rate=0.01)", "sgd(rate=0.01, momentum=0.9, nesterov=true)",
       "adamw(rate=0.01)", "rmsprop(rate=0.01)", "adagrad(rate=0.01)",
       "adam(rate=cosine(0.01, 10))", "nadam(rate=0.01)", "adamax(rate=0.01)", "adadelta()",
       "amsgrad(rate=0.01)"});
  std::string length = body.pick<std::string>(
      {"steps=3", steps < 8 ? "epochs=2" : "steps=5", "steps=1", "epochs=0", "steps=7"});
  std::string how = body.pick<std::string>(
      {"", "", ", sampling=\"bootstrap\"", ", sampling=\"sequential\"", ", sampling=\"shuffle\""});
  std::string more =
      body.pick<std::string>({"", "", "", ", stop=step >= 2", ", validate=loss(dx, dy), log=2"});
  std::string batches = body.chance(5) ? "" : ", batch=" + std::to_string(batch) + ", key=key(4)";
  if (batches.empty())
    how.clear();
  if (batches.empty() && length.starts_with("epochs"))
    length = "steps=2";
  body.text += "let l = (train loss(dx, dy) with " + optimizer + ", " + length + batches + how +
               more + ").loss\nlet w1 = w\nlet b1 = b\n";
  script.value = body.text;
  return script;
}

} // namespace descent::fuzz
