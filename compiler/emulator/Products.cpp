// Products of small matrices by the lanes of a warp (PTX, "mma.sync"): m16n8k8 of tf32, m16n8k16 of
// bf16, m8n8k4 and m16n8k8 of f64.
//
// Each lane brings ten words of 32 bits (of m16n8k8 of f64: of 64), where `value` says: four of the
// left matrix, two of the right one, four of what is added; the sums take the place of these. Of
// m8n8k4 it brings one word of 64 bits of each matrix, and two that are added. Which elements they
// are, the PTX ISA manual says in "Matrix Fragments for mma.m16n8k8" and so on, by formulas in the
// lane's number and that of the element among the lane's; they are written here as there.
#include "compiler/emulator/Machine.h"

#include <bit>
#include <cmath>

namespace descent::emulator {

namespace {

constexpr uint32_t kRows = 16, kColumns = 8, kMostTerms = 16;
constexpr uint32_t kLeftWords = 4, kRightWords = 2, kSums = 4;

struct Position {
  uint32_t row, column;
};

// Of tf32 and f64.
Position ofLeft(uint32_t lane, uint32_t i) {
  uint32_t group = lane >> 2, member = lane % 4;
  return {i == 0 || i == 2 ? group : group + 8, i < 2 ? member : member + 4};
}

Position ofRight(uint32_t lane, uint32_t i) {
  uint32_t group = lane >> 2, member = lane % 4;
  return {i == 0 ? member : member + 4, group};
}

Position ofLeftBf16(uint32_t lane, uint32_t i) {
  uint32_t group = lane >> 2, member = lane % 4;
  bool upper = i < 2 || (4 <= i && i < 6);
  return {upper ? group : group + 8, member * 2 + (i & 1) + (i >= 4 ? 8 : 0)};
}

Position ofRightBf16(uint32_t lane, uint32_t i) {
  uint32_t group = lane >> 2, member = lane % 4;
  return {member * 2 + (i & 1) + (i >= 2 ? 8 : 0), group};
}

Position ofSum(uint32_t lane, uint32_t i) {
  uint32_t group = lane >> 2, member = lane % 4;
  return {i < 2 ? group : group + 8, member * 2 + (i & 1)};
}

/// The units do not look at the lower 13 bits.
float tf32Of(uint32_t word) {
  return std::bit_cast<float>(word & ~0x1fffu);
}

float bf16Of(uint32_t word, uint32_t half) {
  return std::bit_cast<float>(half ? word & 0xffff'0000u : word << 16);
}

} // namespace

/// Each step is a fused multiply-add; in which order, the manual does not say.
void Machine::completeProductF64(Thread *lanes, bool isLarge) {
  uint32_t terms = isLarge ? 8 : 4, ofLane = isLarge ? 4 : 1, ofLaneRight = isLarge ? 2 : 1,
           sums = isLarge ? 4 : 2;
  double left[kRows][kMostTerms], right[kMostTerms][kColumns];
  auto wordsOf = [&](uint32_t lane) { return reinterpret_cast<double *>(lanes[lane].value); };
  for (uint32_t lane = 0; lane < 32; ++lane) {
    for (uint32_t i = 0; i < ofLane; ++i) {
      auto [row, column] = ofLeft(lane, i);
      left[row][column] = wordsOf(lane)[i];
    }
    for (uint32_t i = 0; i < ofLaneRight; ++i) {
      auto [row, column] = ofRight(lane, i);
      right[row][column] = wordsOf(lane)[ofLane + i];
    }
  }
  for (uint32_t lane = 0; lane < 32; ++lane)
    for (uint32_t i = 0; i < sums; ++i) {
      auto [row, column] = ofSum(lane, i);
      double &sum = wordsOf(lane)[ofLane + ofLaneRight + i];
      for (uint32_t term = 0; term < terms; ++term)
        sum = std::fma(left[row][term], right[term][column], sum);
    }
}

/// Products of so few bits are exact in f64, and so is, nearly, their sum: cards add them up with
/// fewer bits, in an order that is not documented.
void Machine::completeProduct(Thread *lanes, WarpOp op) {
  if (op == WarpOp::ProductF64 || op == WarpOp::ProductF64Large)
    return completeProductF64(lanes, op == WarpOp::ProductF64Large);
  float left[kRows][kMostTerms], right[kMostTerms][kColumns];
  bool isTf32 = op == WarpOp::ProductTf32;
  uint32_t terms = isTf32 ? 8 : 16, ofWord = isTf32 ? 1 : 2;
  auto wordsOf = [&](uint32_t lane) { return reinterpret_cast<uint32_t *>(lanes[lane].value); };
  for (uint32_t lane = 0; lane < 32; ++lane) {
    const uint32_t *words = wordsOf(lane);
    auto element = [&](uint32_t first, uint32_t i) {
      uint32_t word = words[first + i / ofWord];
      return isTf32 ? tf32Of(word) : bf16Of(word, i % 2);
    };
    for (uint32_t i = 0; i < kLeftWords * ofWord; ++i) {
      auto [row, column] = isTf32 ? ofLeft(lane, i) : ofLeftBf16(lane, i);
      left[row][column] = element(0, i);
    }
    for (uint32_t i = 0; i < kRightWords * ofWord; ++i) {
      auto [row, column] = isTf32 ? ofRight(lane, i) : ofRightBf16(lane, i);
      right[row][column] = element(kLeftWords, i);
    }
  }
  for (uint32_t lane = 0; lane < 32; ++lane)
    for (uint32_t i = 0; i < kSums; ++i) {
      auto [row, column] = ofSum(lane, i);
      uint32_t &word = wordsOf(lane)[kLeftWords + kRightWords + i];
      double sum = std::bit_cast<float>(word);
      for (uint32_t term = 0; term < terms; ++term)
        sum += double(left[row][term]) * double(right[term][column]);
      word = std::bit_cast<uint32_t>(static_cast<float>(sum));
    }
}

} // namespace descent::emulator
