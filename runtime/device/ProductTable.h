// What a program on a device knows of the products that are made without the host.
#pragma once

#include <cstdint>

namespace descent::device {

/// Words of a program's state, behind the first ones, which are its barrier's.
namespace state {
/// The address of the table; 0: there is none, and the host is told of each product.
constexpr int64_t products = 16;
/// With a table, the program leaves the number of its entry here where it has found the product in
/// it. Else this is 0, and the host is told.
constexpr int64_t next = 17;
} // namespace state

/// The table. Of each product of the program, by its number, two words: where its entries begin, a
/// number of words from the begin of the table on, and how many there are. An entry has the number
/// that is left in the state, from 1 on, and the addresses of the operands, in a message's order.
namespace producttable {
constexpr int64_t wordsOfProduct = 2;
constexpr int64_t wordsOfEntry = 6;
} // namespace producttable

} // namespace descent::device
