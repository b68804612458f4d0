// GradBench's two models, a Gaussian mixture and an LSTM, and their gradients by hand, one thread.
#include "benchmarks/peers/cpp/Loops.h"
#include "benchmarks/peers/cpp/Peers.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace descent::bench::PEER_NAMESPACE {
namespace {

using Vector = std::vector<double>;

/// log posterior and, where its places are given, the gradient.
struct Mixture {
  int64_t d, k, n, m, lower;
  double gamma;
  const double *x, *alpha, *mu, *q, *l;
  double *dAlpha = nullptr, *dMu = nullptr, *dQ = nullptr, *dL = nullptr;
  Vector diagonal, logdet, terms, centred, scaled, back;

  explicit Mixture(const Inputs &inputs)
      : d(inputs.integer("d")), k(inputs.integer("k")), n(inputs.integer("n")),
        m(inputs.integer("m")), lower(d * (d - 1) / 2), gamma(inputs.number("gamma")),
        x(in<double>(inputs, "x")), alpha(in<double>(inputs, "alpha")),
        mu(in<double>(inputs, "mu")), q(in<double>(inputs, "q")), l(in<double>(inputs, "l")),
        diagonal(k * d), logdet(k), terms(k), centred(k * d), scaled(k * d), back(d) {}

  /// Q(q, l) (x - mu) of point i and component j; l is column by column.
  void factor(int64_t i, int64_t j) {
    double *c = &centred[j * d], *s = &scaled[j * d];
    for (int64_t r = 0; r < d; ++r) {
      c[r] = x[i * d + r] - mu[j * d + r];
      s[r] = diagonal[j * d + r] * c[r];
    }
    const double *below = l + j * lower;
    for (int64_t column = 0; column < d; ++column)
      for (int64_t r = column + 1; r < d; ++r)
        s[r] += *below++ * c[column];
  }

  /// Adds the gradient of component j's term, times its weight.
  void addGradient(int64_t j, double weight) {
    const double *c = &centred[j * d], *s = &scaled[j * d], *below = l + j * lower;
    double *belowGradient = dL + j * lower;
    for (int64_t column = 0; column < d; ++column) {
      double sum = diagonal[j * d + column] * s[column];
      dQ[j * d + column] += weight * (1 - sum * c[column]);
      for (int64_t r = column + 1; r < d; ++r) {
        sum += *below++ * s[r];
        *belowGradient++ -= weight * c[column] * s[r];
      }
      dMu[j * d + column] += weight * sum;
    }
    dAlpha[j] += weight;
  }

  double run() {
    for (int64_t j = 0; j < k; ++j) {
      logdet[j] = 0;
      for (int64_t r = 0; r < d; ++r) {
        diagonal[j * d + r] = std::exp(q[j * d + r]);
        logdet[j] += q[j * d + r];
      }
    }
    if (dAlpha) {
      std::fill(dAlpha, dAlpha + k, 0.0);
      std::fill(dMu, dMu + k * d, 0.0);
      std::fill(dQ, dQ + k * d, 0.0);
      std::fill(dL, dL + k * lower, 0.0);
    }
    double likelihood = 0;
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < k; ++j) {
        factor(i, j);
        double squares = 0;
        for (int64_t r = 0; r < d; ++r)
          squares += scaled[j * d + r] * scaled[j * d + r];
        terms[j] = alpha[j] + logdet[j] - 0.5 * squares;
      }
      likelihood += softmax(terms.data(), k, terms.data());
      for (int64_t j = 0; dAlpha && j < k; ++j)
        addGradient(j, terms[j]);
    }
    auto points = static_cast<double>(n), size = static_cast<double>(d);
    double normalizer = softmax(alpha, k, terms.data());
    likelihood -= points * (0.5 * size * std::log(2 * std::numbers::pi) + normalizer);
    for (int64_t j = 0; dAlpha && j < k; ++j)
      dAlpha[j] -= points * terms[j];
    return likelihood + prior();
  }

  double prior() {
    auto degrees = static_cast<double>(d + m + 1), size = static_cast<double>(d);
    double multivariate = 0.25 * size * (size - 1) * std::log(std::numbers::pi);
    for (int64_t r = 0; r < d; ++r)
      multivariate += std::lgamma(0.5 * (degrees - static_cast<double>(r)));
    double constant = degrees * size * std::log(gamma / std::numbers::sqrt2) - multivariate;
    double squares = 0, logs = 0;
    for (int64_t i = 0; i < k * d; ++i) {
      squares += diagonal[i] * diagonal[i];
      logs += q[i];
      if (dQ)
        dQ[i] += static_cast<double>(m) - gamma * gamma * diagonal[i] * diagonal[i];
    }
    for (int64_t i = 0; i < k * lower; ++i) {
      squares += l[i] * l[i];
      if (dL)
        dL[i] -= gamma * gamma * l[i];
    }
    return static_cast<double>(k) * constant - 0.5 * gamma * gamma * squares +
           static_cast<double>(m) * logs;
  }
};

std::function<void()> mixtureObjective(const Inputs &inputs, Outputs &outputs) {
  outputs.add("", DType::F64, {});
  return [mixture = Mixture(inputs), y = out<double>(outputs, 0)]() mutable { *y = mixture.run(); };
}

std::function<void()> mixtureJacobian(const Inputs &inputs, Outputs &outputs) {
  Mixture mixture(inputs);
  outputs.add("alpha", DType::F64, {mixture.k});
  outputs.add("mu", DType::F64, {mixture.k, mixture.d});
  outputs.add("q", DType::F64, {mixture.k, mixture.d});
  outputs.add("l", DType::F64, {mixture.k, mixture.lower});
  mixture.dAlpha = out<double>(outputs, 0);
  mixture.dMu = out<double>(outputs, 1);
  mixture.dQ = out<double>(outputs, 2);
  mixture.dL = out<double>(outputs, 3);
  return [mixture]() mutable { mixture.run(); };
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

/// The LSTM with everything kept that its reverse needs. Parameters of a layer: 4 gates' weights,
/// then 4 gates' biases, each of b elements; its state: hidden, then cell.
struct Lstm {
  int64_t layers, b, length;
  const double *main, *extra, *state, *sequence;
  // By time, layer and element.
  Vector hidden, cell, forget, ingate, outgate, change, bent, predicted;

  explicit Lstm(const Inputs &inputs)
      : layers(inputs.array("main_params").shape()[0] / 2), b(inputs.array("state").shape()[1]),
        length(inputs.array("sequence").shape()[0]), main(in<double>(inputs, "main_params")),
        extra(in<double>(inputs, "extra_params")), state(in<double>(inputs, "state")),
        sequence(in<double>(inputs, "sequence")) {
    for (Vector *kept : {&hidden, &cell, &forget, &ingate, &outgate, &change, &bent})
      kept->resize(length * layers * b);
    predicted.resize(b);
  }

  double weight(int64_t layer, int64_t gate, int64_t i) const {
    return main[(2 * layer * 4 + gate) * b + i];
  }
  double bias(int64_t layer, int64_t gate, int64_t i) const {
    return main[((2 * layer + 1) * 4 + gate) * b + i];
  }
  int64_t at(int64_t t, int64_t layer, int64_t i) const { return (t * layers + layer) * b + i; }
  double hiddenBefore(int64_t t, int64_t layer, int64_t i) const {
    return t ? hidden[at(t - 1, layer, i)] : state[2 * layer * b + i];
  }
  double cellBefore(int64_t t, int64_t layer, int64_t i) const {
    return t ? cell[at(t - 1, layer, i)] : state[(2 * layer + 1) * b + i];
  }
  double input(int64_t t, int64_t layer, int64_t i) const {
    return layer ? hidden[at(t, layer - 1, i)] : sequence[t * b + i] * extra[i];
  }

  void step(int64_t t) {
    for (int64_t layer = 0; layer < layers; ++layer)
      for (int64_t i = 0; i < b; ++i) {
        double x = input(t, layer, i), h = hiddenBefore(t, layer, i);
        int64_t p = at(t, layer, i);
        forget[p] = sigmoid(x * weight(layer, 0, i) + bias(layer, 0, i));
        ingate[p] = sigmoid(h * weight(layer, 1, i) + bias(layer, 1, i));
        outgate[p] = sigmoid(x * weight(layer, 2, i) + bias(layer, 2, i));
        change[p] = std::tanh(h * weight(layer, 3, i) + bias(layer, 3, i));
        cell[p] = cellBefore(t, layer, i) * forget[p] + ingate[p] * change[p];
        bent[p] = std::tanh(cell[p]);
        hidden[p] = outgate[p] * bent[p];
      }
  }

  /// Fills `predicted` and gives log(2 + Σ exp).
  double predict(int64_t t) {
    double sum = 2;
    for (int64_t i = 0; i < b; ++i) {
      predicted[i] = hidden[at(t, layers - 1, i)] * extra[b + i] + extra[2 * b + i];
      sum += std::exp(predicted[i]);
    }
    return std::log(sum);
  }

  double objective() {
    double total = 0;
    for (int64_t t = 0; t + 1 < length; ++t) {
      step(t);
      double normalizer = predict(t);
      for (int64_t i = 0; i < b; ++i)
        total += sequence[(t + 1) * b + i] * (predicted[i] - normalizer);
    }
    return -total / static_cast<double>((length - 1) * b);
  }

  void gradient(double *g) {
    objective();
    double *dExtra = g + 8 * layers * b;
    std::fill(g, dExtra + 3 * b, 0.0);
    Vector dHidden(layers * b), dCell(layers * b), above(b);
    double scale = -1 / static_cast<double>((length - 1) * b);
    for (int64_t t = length - 1; t-- > 0;) {
      double normalizer = predict(t), ones = 0;
      for (int64_t i = 0; i < b; ++i)
        ones += sequence[(t + 1) * b + i];
      for (int64_t i = 0; i < b; ++i) {
        double d = scale * (sequence[(t + 1) * b + i] - ones * std::exp(predicted[i] - normalizer));
        dExtra[b + i] += d * hidden[at(t, layers - 1, i)];
        dExtra[2 * b + i] += d;
        above[i] = d * extra[b + i];
      }
      for (int64_t layer = layers; layer-- > 0;)
        for (int64_t i = 0; i < b; ++i)
          above[i] =
              reverse(g, t, layer, i, above[i], dHidden[layer * b + i], dCell[layer * b + i]);
      for (int64_t i = 0; i < b; ++i)
        dExtra[i] += above[i] * sequence[t * b + i];
    }
  }

  /// One element of one layer: from what comes of the layer above and of the time after to what
  /// goes to the layer below (the result) and the time before.
  double reverse(double *g, int64_t t, int64_t layer, int64_t i, double fromAbove, double &dHidden,
                 double &dCell) {
    int64_t p = at(t, layer, i);
    double x = input(t, layer, i), h = hiddenBefore(t, layer, i);
    double of = fromAbove + dHidden;
    double ofCell = dCell + of * outgate[p] * (1 - bent[p] * bent[p]);
    double gates[4] = {ofCell * cellBefore(t, layer, i) * forget[p] * (1 - forget[p]),
                       ofCell * change[p] * ingate[p] * (1 - ingate[p]),
                       of * bent[p] * outgate[p] * (1 - outgate[p]),
                       ofCell * ingate[p] * (1 - change[p] * change[p])};
    const double fed[4] = {x, h, x, h};
    for (int64_t gate = 0; gate < 4; ++gate) {
      g[(2 * layer * 4 + gate) * b + i] += gates[gate] * fed[gate];
      g[((2 * layer + 1) * 4 + gate) * b + i] += gates[gate];
    }
    dHidden = gates[1] * weight(layer, 1, i) + gates[3] * weight(layer, 3, i);
    dCell = ofCell * forget[p];
    return gates[0] * weight(layer, 0, i) + gates[2] * weight(layer, 2, i);
  }
};

std::function<void()> lstmObjective(const Inputs &inputs, Outputs &outputs) {
  outputs.add("", DType::F64, {});
  return [lstm = Lstm(inputs), y = out<double>(outputs, 0)]() mutable { *y = lstm.objective(); };
}

std::function<void()> lstmJacobian(const Inputs &inputs, Outputs &outputs) {
  Lstm lstm(inputs);
  outputs.add("", DType::F64, {8 * lstm.layers * lstm.b + 3 * lstm.b});
  return [lstm, g = out<double>(outputs, 0)]() mutable { lstm.gradient(g); };
}

} // namespace

void addGradbenchModels(Peers &peers) {
  peers.add(PEER_LIBRARY, "gmm", "objective", mixtureObjective);
  peers.add(PEER_LIBRARY, "gmm", "jacobian", mixtureJacobian);
  peers.add(PEER_LIBRARY, "lstm", "objective", lstmObjective);
  peers.add(PEER_LIBRARY, "lstm", "jacobian", lstmJacobian);
}

} // namespace descent::bench::PEER_NAMESPACE
