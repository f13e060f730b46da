// XML bodies of requests: the reader and the decoder over a schema with every kind of member. What was decoded must be
// writable, and decode again to what is written the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/test_schema.h"
#include "protocol/xml_codec.h"

using aerolith::protocol::decode_xml_body;
using aerolith::protocol::encode_xml_body;
using aerolith::protocol::Operation;
using aerolith::protocol::Service;
namespace test = aerolith::protocol::test;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  test::Node node;
  if (!decode_xml_body(test::kNode, body, "", &node).has_value()) return 0;
  const Service service{.name = "tree"};
  const Operation operation{.name = "GetTree", .output = &test::kNode};
  const std::string once = encode_xml_body(service, operation, &node);
  test::Node again;
  if (!decode_xml_body(test::kNode, once, "Node", &again).has_value()) std::abort();
  if (encode_xml_body(service, operation, &again) != once) std::abort();
  return 0;
}
