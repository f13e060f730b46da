// The command line.
#pragma once

#include <cstdint>
#include <string>

#include "signer.h"

namespace aerolith::load {

enum class Operation { put, get, mixed, multipart, list, remove, files };

struct Options {
  Operation operation = Operation::put;
  uint16_t port = 0;
  Credentials credentials;  // from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION
  std::string bucket = "bench";
  std::string prefix = "load";
  std::string folder;  // of `files`
  uint64_t size_bytes = 4096;
  uint64_t part_bytes = 8 * 1024 * 1024;
  uint64_t first = 0;  // number of the first object
  uint64_t count = 0;  // objects: to write (0: until the time is over), or there to read
  uint64_t step = 1;   // remove: every step-th
  unsigned clients = 64;
  double seconds = 10;
  double warm_seconds = 2;
};

// Ends the program where the line is wrong or asks for help.
Options parse_options(int argument_count, char** arguments);

}  // namespace aerolith::load
