// What to remove of a graph, at the least cost, so that no way leads from its sources to its sinks.
#pragma once

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>

#include <cstdint>
#include <deque>
#include <limits>
#include <vector>

namespace descent::derivative {

/// A smallest cut of a graph whose nodes have weights, by Ford and Fulkerson's method with shortest
/// paths. Each node is two: an edge of the node's weight leads from its entry to its exit.
class SmallestCut {
public:
  static constexpr int64_t unlimited = std::numeric_limits<int64_t>::max() / 4;

  explicit SmallestCut(llvm::ArrayRef<int64_t> weights) : edgesOf(2 * weights.size() + 2) {
    for (auto [node, weight] : llvm::enumerate(weights))
      connect(2 * node, 2 * node + 1, weight);
  }
  void fromSource(size_t node) { connect(source(), 2 * node, unlimited); }
  void toSink(size_t node) { connect(2 * node + 1, sink(), unlimited); }
  void follow(size_t node, size_t next) { connect(2 * node + 1, 2 * next, unlimited); }

  /// The nodes of the smallest cut that is closest to the sink, as marks.
  llvm::SmallVector<bool> solve() {
    while (augment())
      ;
    // Backward from the sink through edges that could take more.
    llvm::SmallVector<bool> reaches(edgesOf.size(), false);
    std::deque<size_t> pending{sink()};
    reaches[sink()] = true;
    while (!pending.empty()) {
      size_t at = pending.front();
      pending.pop_front();
      for (size_t edge : edgesOf[at]) {
        size_t from = edges[edge].to;
        if (edges[edge ^ 1].rest > 0 && !reaches[from]) {
          reaches[from] = true;
          pending.push_back(from);
        }
      }
    }
    llvm::SmallVector<bool> cut;
    for (size_t node = 0; 2 * node + 2 < edgesOf.size(); ++node)
      cut.push_back(!reaches[2 * node] && reaches[2 * node + 1]);
    return cut;
  }

private:
  struct Edge {
    size_t to;
    int64_t rest;
  };
  size_t source() const { return edgesOf.size() - 2; }
  size_t sink() const { return edgesOf.size() - 1; }

  /// Edges come in pairs, there and back.
  void connect(size_t from, size_t to, int64_t weight) {
    edgesOf[from].push_back(edges.size());
    edges.push_back({to, weight});
    edgesOf[to].push_back(edges.size());
    edges.push_back({from, 0});
  }

  bool augment() {
    constexpr size_t none = ~size_t(0);
    llvm::SmallVector<size_t> arrived(edgesOf.size(), none);
    std::deque<size_t> pending{source()};
    while (!pending.empty() && arrived[sink()] == none) {
      size_t at = pending.front();
      pending.pop_front();
      for (size_t edge : edgesOf[at])
        if (edges[edge].rest > 0 && edges[edge].to != source() && arrived[edges[edge].to] == none) {
          arrived[edges[edge].to] = edge;
          pending.push_back(edges[edge].to);
        }
    }
    if (arrived[sink()] == none)
      return false;
    int64_t most = unlimited;
    for (size_t at = sink(); at != source(); at = edges[arrived[at] ^ 1].to)
      most = std::min(most, edges[arrived[at]].rest);
    for (size_t at = sink(); at != source(); at = edges[arrived[at] ^ 1].to) {
      edges[arrived[at]].rest -= most;
      edges[arrived[at] ^ 1].rest += most;
    }
    return true;
  }

  llvm::SmallVector<Edge> edges;
  std::vector<llvm::SmallVector<size_t, 4>> edgesOf;
};

} // namespace descent::derivative
