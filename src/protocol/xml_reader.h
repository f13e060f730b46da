// Reads a small XML document into a tree, defensively: what a request's body may hold.
//
// Refused as not well-formed: anything with a DOCTYPE (so no entity can be declared), references to entities other than
// the five of XML, invalid UTF-8, other encodings, bare control characters, elements nested deeper than
// kMaxXmlDepth, more than kMaxXmlAttributes attributes on an element or one twice, several roots. Numeric references to
// control characters (&#x1;) are accepted although XML 1.0 forbids them, since S3 itself writes keys that way; &#0; is
// not. The caller limits the size: the tree takes up to some twenty times the document's bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pugi {
class xml_document;  // pugixml's own
struct xml_node_struct;
}  // namespace pugi

namespace aerolith::protocol {

inline constexpr size_t kMaxXmlDepth = 64;
inline constexpr size_t kMaxXmlAttributes = 32;

enum class XmlErrorCode { not_well_formed, forbidden, too_deep };
using XmlError = Failure<XmlErrorCode>;

// An element of a document, valid while the document lives. Null behind the last sibling or below a leaf.
class XmlElement {
 public:
  explicit operator bool() const { return node_ != nullptr; }
  std::string_view name() const;  // without its namespace prefix
  // The text directly inside, of all its pieces and CDATA sections; white space as it stands.
  std::string text() const;
  // By the name as written ("xsi:type"), else by its part behind the prefix.
  std::optional<std::string_view> attribute(std::string_view name) const;
  XmlElement first_child() const;
  XmlElement next_sibling() const;

 private:
  friend class XmlDocument;
  explicit XmlElement(pugi::xml_node_struct* node) : node_(node) {}

  pugi::xml_node_struct* node_;
};

class XmlDocument {
 public:
  static Result<XmlDocument, XmlError> parse(std::string_view text);
  ~XmlDocument();
  XmlDocument(XmlDocument&&) noexcept;
  XmlDocument& operator=(XmlDocument&&) noexcept;

  XmlElement root() const;

 private:
  explicit XmlDocument(std::unique_ptr<pugi::xml_document> document);

  std::unique_ptr<pugi::xml_document> document_;
};

}  // namespace aerolith::protocol
