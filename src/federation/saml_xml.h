// XML of strangers for SAML: parsed without document types, entities or any look beyond the text, and read by names.
//
// libxml2 and not pugixml, which the protocols use: the signature's library works on its tree.
#pragma once

#include <libxml/tree.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aerolith::federation {

inline constexpr const char* kSamlNamespace = "urn:oasis:names:tc:SAML:2.0:assertion";
inline constexpr const char* kSamlProtocolNamespace = "urn:oasis:names:tc:SAML:2.0:protocol";
inline constexpr const char* kSamlMetadataNamespace = "urn:oasis:names:tc:SAML:2.0:metadata";
inline constexpr const char* kSignatureNamespace = "http://www.w3.org/2000/09/xmldsig#";

struct FreeDocument {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
using XmlDocument = std::unique_ptr<xmlDoc, FreeDocument>;

// Null for what isn't well-formed, has a document type declaration, or lies deeper than libxml2's limit (256).
XmlDocument parse_xml(std::string_view text);

bool is_element(const xmlNode* node, const char* name_space, const char* name);
std::vector<xmlNode*> children(const xmlNode* parent, const char* name_space, const char* name);
// The one child of that name; null where there is none, or more than one.
xmlNode* only_child(const xmlNode* parent, const char* name_space, const char* name);
// Everywhere below `root`, itself included.
std::vector<xmlNode*> descendants(xmlNode* root, const char* name_space, const char* name);
// An attribute without a namespace.
std::optional<std::string> attribute(const xmlNode* element, const char* name);
// All text within, comments left out, white space at both ends cut.
std::string text_of(const xmlNode* element);

}  // namespace aerolith::federation
