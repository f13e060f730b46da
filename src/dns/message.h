// DNS messages (RFC 1035, EDNS of RFC 6891), read and written by ldns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct ldns_struct_pkt;  // the library's own

namespace aerolith::dns {

enum class ResponseCode : uint8_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  no_such_name = 3,
  not_implemented = 4,
  refused = 5,
  bad_version = 16,  // EDNS
};

enum class RecordType : uint16_t { a = 1, ptr = 12, aaaa = 28, any = 255 };

constexpr size_t kHeaderBytes = 12;

enum class QueryErrorCode {
  ignore,           // too short to be answered, or an answer itself: answering that could go on for ever
  malformed,        // FORMERR
  not_implemented,  // another operation than a query: NOTIMP
};
using QueryError = Failure<QueryErrorCode>;

// One question to us. Movable; one thread at a time.
class Query {
 public:
  static Result<Query, QueryError> parse(std::string_view bytes);

  // Lower case, without a dot at the end: "sts.amazonaws.com". Empty for the root, and for names with other bytes in
  // them than host names have.
  const std::string& name() const { return name_; }
  bool is_internet() const;  // of class IN
  bool asks_for(RecordType type) const;
  bool wants_recursion() const;
  bool has_unknown_edns_version() const;
  // What a datagram to the asker may hold.
  size_t datagram_limit_bytes() const;

  struct Answer {
    ResponseCode code = ResponseCode::no_error;
    bool is_ours = false;  // authoritative; without addresses it says so, in a record that resolvers may keep
    bool offers_recursion = false;
    std::vector<std::string> addresses;  // 4 or 16 bytes each; only those of a type that was asked for go in
    std::string pointer{};               // a host name, for who asks for PTR
    uint32_t ttl_seconds = 0;
    size_t limit_bytes = SIZE_MAX;  // past it, the answer is empty and says that it was cut
  };
  std::string write(const Answer& answer) const;

 private:
  struct Free {
    void operator()(ldns_struct_pkt* packet) const;
  };
  std::unique_ptr<ldns_struct_pkt, Free> packet_;
  std::string name_;
};

// A bare header with this code, for a query that can't be read. `bytes` has a header at least.
std::string write_failure(std::string_view bytes, ResponseCode code);

}  // namespace aerolith::dns
