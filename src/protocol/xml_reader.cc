#include "protocol/xml_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <pugixml.hpp>
#include <utility>

#include "base/encoding.h"

namespace aerolith::protocol {
namespace {

std::unexpected<XmlError> not_well_formed(std::string detail) {
  return fail(XmlErrorCode::not_well_formed, std::move(detail));
}

// A pass over the text before the parser sees it. pugixml is lenient where a server must not be: it skips a DOCTYPE,
// leaves unknown entities as text and has no limit of depth.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Result<void, XmlError> scan() {
    if (!is_valid_utf8(text_)) return not_well_formed("not UTF-8");
    if (text_.starts_with("\xEF\xBB\xBF")) position_ = 3;
    while (position_ < text_.size()) {
      if (text_[position_] == '<') {
        TRY(scan_markup());
      } else {
        size_t end = std::min(text_.find('<', position_), text_.size());
        std::string_view piece = text_.substr(position_, end - position_);
        if (depth_ == 0 && piece.find_first_not_of(" \t\r\n") != std::string_view::npos) {
          return not_well_formed("text outside the root element");
        }
        TRY(check_characters(piece));
        position_ = end;
      }
    }
    return {};
  }

 private:
  Result<void, XmlError> scan_markup() {
    std::string_view rest = text_.substr(position_);
    if (rest.starts_with("<!--")) return skip("-->", 4);
    if (rest.starts_with("<![CDATA[")) {
      if (depth_ == 0) return not_well_formed("text outside the root element");
      return skip("]]>", 9);
    }
    if (rest.starts_with("<?")) return skip("?>", 2);
    if (rest.starts_with("<!")) return fail(XmlErrorCode::forbidden, "document types are not allowed");
    return scan_tag();
  }

  // Comments, CDATA and processing instructions: nothing inside is markup.
  Result<void, XmlError> skip(std::string_view terminator, size_t opening_size) {
    size_t begin = position_ + opening_size;
    size_t end = text_.find(terminator, begin);
    if (end == std::string_view::npos) return not_well_formed("unterminated markup");
    for (char c : text_.substr(begin, end - begin)) {
      if (is_forbidden(c)) return not_well_formed("control character");
    }
    position_ = end + terminator.size();
    return {};
  }

  Result<void, XmlError> scan_tag() {
    const bool is_end = text_.substr(position_).starts_with("</");
    size_t i = position_ + 1;
    while (i < text_.size() && text_[i] != '>') {
      char c = text_[i];
      if (c == '<') return not_well_formed("'<' inside a tag");
      if (is_forbidden(c)) return not_well_formed("control character");
      if (c == '"' || c == '\'') {
        size_t end = text_.find(c, i + 1);
        if (end == std::string_view::npos) return not_well_formed("unterminated attribute value");
        std::string_view value = text_.substr(i + 1, end - i - 1);
        if (value.find('<') != std::string_view::npos) return not_well_formed("'<' in an attribute value");
        TRY(check_characters(value));
        i = end;
      }
      ++i;
    }
    if (i == text_.size()) return not_well_formed("unterminated tag");
    const bool is_empty = text_[i - 1] == '/';
    position_ = i + 1;
    if (is_end) {
      if (depth_ == 0) return not_well_formed("an end tag without its start");
      --depth_;
    } else if (!is_empty && ++depth_ > kMaxXmlDepth) {
      return fail(XmlErrorCode::too_deep, "nested too deep");
    }
    return {};
  }

  static bool is_forbidden(char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  }

  static Result<void, XmlError> check_characters(std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (is_forbidden(text[i])) return not_well_formed("control character");
      if (text[i] != '&') continue;
      size_t end = text.find(';', i);
      if (end == std::string_view::npos) return not_well_formed("'&' that starts no reference");
      if (!is_known_reference(text.substr(i + 1, end - i - 1))) {
        return fail(XmlErrorCode::forbidden, "a reference to an unknown entity");
      }
      i = end;
    }
    return {};
  }

  static bool is_known_reference(std::string_view name) {
    if (!name.starts_with('#')) {
      constexpr std::array<std::string_view, 5> kKnown{"amp", "lt", "gt", "quot", "apos"};
      return std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end();
    }
    name.remove_prefix(1);
    int base = 10;
    if (name.starts_with('x')) {
      name.remove_prefix(1);
      base = 16;
    }
    uint32_t code = 0;
    auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), code, base);
    if (error != std::errc{} || end != name.data() + name.size()) return false;
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code != 0 && !is_surrogate && code <= 0x10FFFF;
  }

  std::string_view text_;
  size_t position_ = 0;
  size_t depth_ = 0;
};

Result<void, XmlError> check_attributes(pugi::xml_node element) {
  size_t count = 0;
  for (pugi::xml_attribute attribute : element.attributes()) {
    if (++count > kMaxXmlAttributes) return fail(XmlErrorCode::forbidden, "too many attributes");
    if (element.attribute(attribute.name()) != attribute) return not_well_formed("an attribute given twice");
  }
  return {};
}

// Depth-first without recursion.
Result<void, XmlError> check_tree(pugi::xml_node root) {
  pugi::xml_node node = root;
  while (true) {
    if (node.type() == pugi::node_element) TRY(check_attributes(node));
    if (node.first_child()) {
      node = node.first_child();
      continue;
    }
    while (node != root && !node.next_sibling()) node = node.parent();
    if (node == root) return {};
    node = node.next_sibling();
  }
}

Result<void, XmlError> check_prolog(const pugi::xml_document& document) {
  size_t roots = 0;
  for (pugi::xml_node node : document.children()) {
    if (node.type() == pugi::node_element) ++roots;
    if (node.type() == pugi::node_declaration) {
      std::string_view encoding = node.attribute("encoding").value();
      if (!encoding.empty() && !equals_ignore_case(encoding, "UTF-8") && !equals_ignore_case(encoding, "US-ASCII")) {
        return fail(XmlErrorCode::forbidden, "an encoding other than UTF-8");
      }
    }
  }
  if (roots != 1) return not_well_formed("not exactly one root element");
  return {};
}

std::string_view local_name(std::string_view name) {
  size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node_struct* skip_to_element(pugi::xml_node node) {
  while (node && node.type() != pugi::node_element) node = node.next_sibling();
  return node.internal_object();
}

}  // namespace

std::string_view XmlElement::name() const { return local_name(pugi::xml_node(node_).name()); }

std::string XmlElement::text() const {
  std::string text;
  for (pugi::xml_node child : pugi::xml_node(node_).children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
  }
  return text;
}

std::optional<std::string_view> XmlElement::attribute(std::string_view name) const {
  std::optional<std::string_view> by_local_name;
  for (pugi::xml_attribute attribute : pugi::xml_node(node_).attributes()) {
    std::string_view full = attribute.name();
    if (full == name) return attribute.value();
    if (full.starts_with("xmlns:")) continue;
    if (!by_local_name && local_name(full) == local_name(name)) by_local_name = attribute.value();
  }
  return by_local_name;
}

XmlElement XmlElement::first_child() const { return XmlElement(skip_to_element(pugi::xml_node(node_).first_child())); }

XmlElement XmlElement::next_sibling() const {
  return XmlElement(skip_to_element(pugi::xml_node(node_).next_sibling()));
}

XmlDocument::XmlDocument(std::unique_ptr<pugi::xml_document> document) : document_(std::move(document)) {}
XmlDocument::~XmlDocument() = default;
XmlDocument::XmlDocument(XmlDocument&&) noexcept = default;
XmlDocument& XmlDocument::operator=(XmlDocument&&) noexcept = default;

XmlElement XmlDocument::root() const { return XmlElement(document_->document_element().internal_object()); }

Result<XmlDocument, XmlError> XmlDocument::parse(std::string_view text) {
  TRY(Scanner(text).scan());
  constexpr unsigned kFlags = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol | pugi::parse_wconv_attribute |
                              pugi::parse_ws_pcdata | pugi::parse_declaration | pugi::parse_doctype;
  auto document = std::make_unique<pugi::xml_document>();
  pugi::xml_parse_result parsed = document->load_buffer(text.data(), text.size(), kFlags, pugi::encoding_utf8);
  if (!parsed) return not_well_formed(parsed.description());
  TRY(check_prolog(*document));
  TRY(check_tree(*document));
  return XmlDocument(std::move(document));
}

}  // namespace aerolith::protocol
