// Forms of the query and ec2 protocols over a schema with every kind of member.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/form_codec.h"
#include "protocol/test_schema.h"

using aerolith::protocol::decode_form;
using aerolith::protocol::Protocol;
namespace test = aerolith::protocol::test;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view form(reinterpret_cast<const char*>(data), size);
  for (Protocol protocol : {Protocol::query, Protocol::ec2}) {
    test::Node node;
    if (!decode_form(protocol, test::kNode, form, &node).has_value()) continue;
    // A list never has more elements than the form has parameters.
    if (node.names && node.names->size() > size) __builtin_trap();
  }
  return 0;
}
