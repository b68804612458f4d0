#include "benchmarks/peers/cpp/Loops.h"
#include "benchmarks/peers/cpp/MlpProblem.h"

namespace descent::bench::PEER_NAMESPACE {
namespace {

template <typename T> struct Mlp : MlpProblem<T, Loops<T>> {
  using MlpProblem<T, Loops<T>>::MlpProblem;
};

} // namespace

void addMlp(Peers &peers) {
  peers.add(PEER_LIBRARY, "mlp", "run", typed<Mlp>());
}

} // namespace descent::bench::PEER_NAMESPACE
