// descent-errors-page FILE: writes the reference of all messages.

#include "frontend/diagnostics/Messages.h"

#include <fstream>
#include <iostream>

int main(int argc, char **argv) {
  if (argc != 2) {
    std::cerr << "usage: descent-errors-page FILE\n";
    return 2;
  }
  std::ofstream out(argv[1], std::ios::binary);
  descent::writeMessageReference(out);
  out.close();
  if (!out) {
    std::cerr << "descent-errors-page: cannot write " << argv[1] << '\n';
    return 1;
  }
}
