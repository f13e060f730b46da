// Feeds bytes to what every datagram and every message over TCP goes through.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dns/responder.h"

namespace {

using namespace aerolith::dns;

void require(bool holds) {
  if (!holds) std::abort();
}

const Responder& responder(bool forwards) {
  const auto make = [](bool with_upstream) {
    return Responder({.is_ours = [](std::string_view name) { return name.ends_with("amazonaws.com"); },
                      .addresses = ServerAddresses::of({"127.0.0.1:1", "[::1]:1", "0.0.0.0:1", "[::]:1"}),
                      .forwards = with_upstream});
  };
  static const Responder alone = make(false);
  static const Responder with_upstream = make(true);
  return forwards ? with_upstream : alone;
}

void check_answer(std::string_view query, const Reply& reply, size_t limit_bytes) {
  require(reply.bytes.size() >= kHeaderBytes && reply.bytes.size() <= limit_bytes);
  require(reply.bytes.substr(0, 2) == query.substr(0, 2));
  require((static_cast<unsigned char>(reply.bytes[2]) & 0x80) != 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const bool forwards : {false, true}) {
    for (const Transport transport : {Transport::datagram, Transport::stream}) {
      const Reply reply = responder(forwards).respond(bytes, {transport, std::string("\x0a\0\0\1", 4)});
      if (reply.verdict == Verdict::answer) check_answer(bytes, reply, transport == Transport::datagram ? 1232 : 65535);
      require(reply.verdict != Verdict::forward || forwards);
      if (reply.verdict != Verdict::ignore) require(responder(forwards).give_up(bytes).size() >= kHeaderBytes);
    }
  }
  return 0;
}
