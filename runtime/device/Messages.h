// The mailbox between a program on a device and the host: what its words mean.
#pragma once

#include <cstdint>

namespace descent::device {

/// What a program asks of the host.
enum class Request : int64_t {
  Effect,      ///< index: of the effect; operands
  CheckFailed, ///< index: of the check; operands. The program then ends
  Tape,        ///< index: the tape's memory, or the number of its place where it has none yet; word
               ///< `bytes`: of the memory that it needs. answer: its address, or 0
  Product,     ///< index: of the product; operands: those of ProductArrays, in order, as far as
               ///< it has any. The program ends, to be launched again when the product has been made
};

/// Words of the mailbox.
namespace mailbox {
constexpr int64_t requested = 0; ///< number of the last request, written by the program
constexpr int64_t answered = 1;  ///< number of the last request that was answered, by the host
constexpr int64_t request = 2;
constexpr int64_t index = 3;
constexpr int64_t answer = 4;
constexpr int64_t stop = 5;  ///< not 0: the user asked to stop, by the host at any time
constexpr int64_t bytes = 6; ///< of Request::Tape
/// Number of the step that the program began last, of those that it had not begun before; by the
/// program at any time, without a fence. 0: of none yet.
constexpr int64_t reached = 7;
constexpr int64_t operands = 8;
/// Of each operand: its address, or 0 and then its elements.
constexpr int64_t wordsOfOperand = 17;

constexpr int64_t words(int64_t mostOperands) {
  return operands + mostOperands * wordsOfOperand;
}
} // namespace mailbox

} // namespace descent::device
