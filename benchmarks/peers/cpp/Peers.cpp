#include "benchmarks/peers/cpp/Peers.h"

namespace descent::bench {

Peers Peers::all() {
  Peers peers;
  plain::addGradbench(peers);
  plain::addTraining(peers);
  plain::addKernels(peers);
#ifdef BENCH_FAST
  fast::addGradbench(peers);
  fast::addTraining(peers);
  fast::addKernels(peers);
#endif
#ifdef BENCH_EIGEN
  addEigen(peers);
#endif
#ifdef BENCH_OPENBLAS
  addOpenBlas(peers);
#endif
#ifdef BENCH_ONEDNN
  addOneDnn(peers);
#endif
  return peers;
}

} // namespace descent::bench
