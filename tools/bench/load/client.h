// One client: a thread, a connection, one request at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <random>
#include <string>
#include <vector>

#include "connection.h"
#include "objects.h"
#include "options.h"
#include "report.h"
#include "signer.h"

namespace aerolith::load {

// What all clients of a run have in common. Made before they start, then only `next` changes.
struct Run {
  explicit Run(const Options& chosen)
      : options(chosen), bodies(chosen.operation == Operation::multipart ? chosen.part_bytes : chosen.size_bytes) {}

  const Options& options;
  Bodies bodies;
  Clock::time_point measured_from;
  Clock::time_point deadline;
  std::atomic<uint64_t> next = 0;  // objects handed out
};

class Client {
 public:
  Client(Run& run, unsigned number);

  // Until the deadline or until all objects are handed out. Gives up after many errors in a row.
  void work();
  Report& report() { return report_; }

 private:
  using Outcome = std::expected<uint64_t, std::string>;  // bytes of payload moved

  // In the report, where it ended in the measured time.
  void count(const char* kind, Clock::time_point started, uint64_t bytes, uint64_t items = 0);
  void measure(const char* kind, Outcome (Client::*operation)(uint64_t), uint64_t number);
  bool take_next(uint64_t& number);
  void mixed();
  Outcome put(uint64_t number);
  Outcome get(uint64_t number);
  Outcome stat(uint64_t number);
  Outcome remove(uint64_t number);
  Outcome multipart(uint64_t number);
  Outcome list_page(uint64_t);
  std::expected<Answer, std::string> call(const Target& target, std::string_view body, std::string_view body_sha256_hex,
                                          int expected_status = 200);
  std::string path_of(uint64_t number) const;

  Run& run_;
  unsigned number_;
  Signer signer_;
  Connection connection_;
  Report report_;
  std::mt19937_64 random_;
  unsigned errors_in_a_row_ = 0;
  uint64_t gets_ = 0;
  std::vector<uint64_t> own_;  // mixed: objects that only this client writes, reads and removes
  uint64_t next_own_ = 0;
  std::vector<char> deck_;
  std::string continuation_;  // list
  uint64_t page_keys_ = 0;
};

}  // namespace aerolith::load
