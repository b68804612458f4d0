// Temporary files for the tests of data.
#pragma once

#include "descent/Data.h"
#include "descent/Error.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <unistd.h>

/// A folder that goes away with its files.
class TemporaryFolder {
public:
  TemporaryFolder() {
    static int count = 0;
    folder = std::filesystem::temp_directory_path() /
             ("descent-test-" + std::to_string(getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(folder);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(folder); }

  std::string path(std::string_view name) const { return folder / name; }

  std::string write(std::string_view name, std::string_view bytes) const {
    std::ofstream file(path(name), std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path(name);
  }

  std::string read(std::string_view name) const { return readAll(path(name)); }

  static std::string readAll(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
  }

  /// What reading such a file complains about, with "FILE" for its path; "none" if it does not.
  std::string complaint(std::string_view name, std::string_view bytes,
                        descent::DType floatType = descent::DType::F32) const {
    std::string path = write(name, bytes);
    try {
      descent::readData(path, floatType);
      return "none";
    } catch (const descent::FileError &error) {
      std::string text = error.what();
      size_t at = text.find(path);
      return at == 0 ? "FILE" + text.substr(path.size()) : text;
    }
  }

private:
  std::filesystem::path folder;
};
