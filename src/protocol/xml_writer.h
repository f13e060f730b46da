// Writes XML 1.0 text piece by piece. The caller opens and closes elements in pairs.
//
//   XmlWriter xml(out);
//   xml.open("Owner");
//   xml.leaf("ID", id);
//   xml.close("Owner");
#pragma once

#include <string>
#include <string_view>

#include "protocol/schema.h"

namespace aerolith::protocol {

// Appends `text` as XML character data that is also safe in an attribute value. & < > " ' become entities, \r becomes
// &#xD; (a parser would turn a bare one into \n). Characters that XML 1.0 forbids become numeric references such as
// &#x1; as S3 writes them: strict parsers refuse the document, which is why S3 has encoding-type=url.
// Bytes that aren't UTF-8 become U+FFFD.
void append_xml_escaped(std::string_view text, std::string& out);

class XmlWriter {
 public:
  // Appends to `out`, which must outlive the writer.
  explicit XmlWriter(std::string& out) : out_(out) {}

  void declaration();  // <?xml version="1.0" encoding="UTF-8"?>
  void open(std::string_view name);
  // After open(), before anything inside the element.
  void attribute(std::string_view name, std::string_view value);
  void xml_namespace(const XmlNamespace& value);  // xmlns="uri" or xmlns:prefix="uri"; nothing where the uri is empty
  void text(std::string_view value);
  void close(std::string_view name);
  // An element with text only.
  void leaf(std::string_view name, std::string_view value);

 private:
  void end_start_tag();
  // Appends `size` bytes, which `fill` writes to where it is told.
  template <typename Fill>
  void grow(size_t size, Fill fill) {
    const size_t before = out_.size();
    out_.resize_and_overwrite(before + size, [&](char* data, size_t) {
      fill(data + before);
      return before + size;
    });
  }

  std::string& out_;
  bool in_start_tag_ = false;
};

}  // namespace aerolith::protocol
