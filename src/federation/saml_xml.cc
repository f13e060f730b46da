#include "federation/saml_xml.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>

#include <limits>

#include "base/white_space.h"

namespace aerolith::federation {
namespace {

const char* chars(const xmlChar* text) { return reinterpret_cast<const char*>(text); }
const xmlChar* xml_chars(const char* text) { return reinterpret_cast<const xmlChar*>(text); }

struct FreeParser {
  void operator()(xmlParserCtxt* parser) const { xmlFreeParserCtxt(parser); }
};
struct FreeText {
  void operator()(xmlChar* text) const { xmlFree(text); }
};
using XmlText = std::unique_ptr<xmlChar, FreeText>;

// "<!DOCTYPE": no further, before any entity is declared.
void refuse_document_type(void* context, const xmlChar*, const xmlChar*, const xmlChar*) {
  auto* const parser = static_cast<xmlParserCtxt*>(context);
  parser->wellFormed = 0;
  xmlStopParser(parser);
}

}  // namespace

XmlDocument parse_xml(std::string_view text) {
  static const bool is_ready = [] {
    xmlInitParser();
    return true;
  }();
  if (!is_ready || text.empty() || text.size() > static_cast<size_t>(std::numeric_limits<int>::max())) return nullptr;
  const std::unique_ptr<xmlParserCtxt, FreeParser> parser(xmlNewParserCtxt());
  if (parser == nullptr) return nullptr;
  parser->sax->internalSubset = &refuse_document_type;
  xmlDoc* const parsed = xmlCtxtReadMemory(parser.get(), text.data(), static_cast<int>(text.size()), nullptr, nullptr,
                                           XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  XmlDocument document(parsed);
  if (document == nullptr || parser->wellFormed == 0 || document->intSubset != nullptr ||
      xmlDocGetRootElement(document.get()) == nullptr) {
    return nullptr;
  }
  return document;
}

bool is_element(const xmlNode* node, const char* name_space, const char* name) {
  return node != nullptr && node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, xml_chars(name)) == 1 &&
         node->ns != nullptr && xmlStrEqual(node->ns->href, xml_chars(name_space)) == 1;
}

std::vector<xmlNode*> children(const xmlNode* parent, const char* name_space, const char* name) {
  std::vector<xmlNode*> found;
  if (parent == nullptr) return found;
  for (xmlNode* child = parent->children; child != nullptr; child = child->next) {
    if (is_element(child, name_space, name)) found.push_back(child);
  }
  return found;
}

xmlNode* only_child(const xmlNode* parent, const char* name_space, const char* name) {
  const auto found = children(parent, name_space, name);
  return found.size() == 1 ? found.front() : nullptr;
}

std::vector<xmlNode*> descendants(xmlNode* root, const char* name_space, const char* name) {
  std::vector<xmlNode*> found;
  std::vector<xmlNode*> open{root};
  while (!open.empty()) {
    xmlNode* const node = open.back();
    open.pop_back();
    if (node->type != XML_ELEMENT_NODE) continue;
    if (is_element(node, name_space, name)) found.push_back(node);
    for (xmlNode* child = node->children; child != nullptr; child = child->next) open.push_back(child);
  }
  return found;
}

std::optional<std::string> attribute(const xmlNode* element, const char* name) {
  if (element == nullptr) return std::nullopt;
  const XmlText value(xmlGetNoNsProp(element, xml_chars(name)));
  if (value == nullptr) return std::nullopt;
  return std::string(chars(value.get()));
}

std::string text_of(const xmlNode* element) {
  if (element == nullptr) return {};
  const XmlText content(xmlNodeGetContent(element));
  return content == nullptr ? std::string() : std::string(trim_white_space(chars(content.get())));
}

}  // namespace aerolith::federation
