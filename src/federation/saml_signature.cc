#include "federation/saml_signature.h"

#include <openssl/err.h>
#include <xmlsec/xmldsig.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "federation/jwk.h"
#include "federation/saml_xmlsec.h"

namespace aerolith::federation {
namespace {

using Names = std::vector<std::string_view>;

// SHA-1 and MD5 are not among these: collisions of both can be made.
const Names kSignatureMethods = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",   "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",   "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"};
const Names kDigestMethods = {"http://www.w3.org/2001/04/xmlenc#sha256",
                              "http://www.w3.org/2001/04/xmldsig-more#sha384",
                              "http://www.w3.org/2001/04/xmlenc#sha512"};
const Names kCanonicalizations = {"http://www.w3.org/2001/10/xml-exc-c14n#",
                                  "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
                                  "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"};
constexpr std::string_view kEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

bool uses(const xmlNode* element, const Names& allowed) {
  const std::string algorithm = attribute(element, "Algorithm").value_or("");
  return std::ranges::find(allowed, algorithm) != allowed.end();
}

// How many elements lie directly in this one.
size_t count_elements(const xmlNode* parent) {
  size_t count = 0;
  for (const xmlNode* child = parent->children; child != nullptr; child = child->next) {
    count += child->type == XML_ELEMENT_NODE ? 1 : 0;
  }
  return count;
}

// The enveloped signature taken out, then one canonicalization: SAML allows no other transforms.
bool are_good_transforms(const xmlNode* transforms) {
  const auto all = children(transforms, kSignatureNamespace, "Transform");
  if (all.empty() || all.size() > 2 || count_elements(transforms) != all.size()) return false;
  if (attribute(all[0], "Algorithm") != kEnveloped) return false;
  return all.size() == 1 || uses(all[1], kCanonicalizations);
}

bool is_good_form(const xmlNode* signature, const std::string& id) {
  const xmlNode* const info = only_child(signature, kSignatureNamespace, "SignedInfo");
  if (info == nullptr || only_child(signature, kSignatureNamespace, "SignatureValue") == nullptr) return false;
  const xmlNode* const reference = only_child(info, kSignatureNamespace, "Reference");
  return uses(only_child(info, kSignatureNamespace, "CanonicalizationMethod"), kCanonicalizations) &&
         uses(only_child(info, kSignatureNamespace, "SignatureMethod"), kSignatureMethods) &&
         attribute(reference, "URI") == "#" + id &&
         uses(only_child(reference, kSignatureNamespace, "DigestMethod"), kDigestMethods) &&
         are_good_transforms(only_child(reference, kSignatureNamespace, "Transforms"));
}

// An xsd:ID of plain characters: in a reference it can be nothing but a name.
bool is_plain_id(std::string_view id) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  return !id.empty() && id.size() <= 256 && id.find_first_not_of(kLetters) == std::string_view::npos;
}

// Whether no other element has that id, in whatever spelling of the attribute.
bool is_unique_id(xmlDoc* document, const std::string& id) {
  size_t count = 0;
  std::vector<xmlNode*> open{xmlDocGetRootElement(document)};
  while (!open.empty()) {
    const xmlNode* const node = open.back();
    open.pop_back();
    if (node->type != XML_ELEMENT_NODE) continue;
    for (const xmlAttr* a = node->properties; a != nullptr; a = a->next) {
      if (xmlStrcasecmp(a->name, reinterpret_cast<const xmlChar*>("id")) != 0) continue;
      const std::unique_ptr<xmlChar, decltype(xmlFree)> value(xmlNodeListGetString(document, a->children, 1), xmlFree);
      count += value != nullptr && id == reinterpret_cast<const char*>(value.get()) ? 1 : 0;
    }
    for (xmlNode* child = node->children; child != nullptr; child = child->next) open.push_back(child);
  }
  return count == 1;
}

// Makes the id known to the reference's look-up.
bool register_id(xmlNode* element, const std::string& id) {
  xmlAttr* const attribute = xmlHasNsProp(element, reinterpret_cast<const xmlChar*>("ID"), nullptr);
  const auto* const name = reinterpret_cast<const xmlChar*>(id.c_str());
  if (attribute == nullptr) return false;
  if (xmlGetID(element->doc, name) == attribute) return true;
  return xmlAddID(nullptr, element->doc, name, attribute) != nullptr;
}

using SignatureContext = Owned<xmlSecDSigCtx, xmlSecDSigCtxDestroy>;

SecKey key_of(const std::string& der) {
  const unsigned char* at = bytes_of(der);
  const Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (certificate == nullptr) return nullptr;
  Key key(X509_get_pubkey(certificate.get()));
  if (key == nullptr || (EVP_PKEY_is_a(key.get(), "RSA") == 1 && EVP_PKEY_get_bits(key.get()) < kMinRsaBits)) {
    return nullptr;
  }
  return to_sec_key(std::move(key));
}

bool verifies(xmlNode* signature, const std::string& certificate) {
  SecKey key = key_of(certificate);
  const SignatureContext context(xmlSecDSigCtxCreate(nullptr));
  if (key == nullptr || context == nullptr) return false;
  // With a key set, what the signature says of its own key isn't looked at.
  context->signKey = key.release();
  context->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
  return xmlSecDSigCtxVerify(context.get(), signature) >= 0 && context->status == xmlSecDSigStatusSucceeded;
}

}  // namespace

bool verify_enveloped_signature(xmlNode* element, xmlNode* signature, const std::vector<std::string>& certificates) {
  if (!is_xmlsec_ready() || signature->parent != element) return false;
  const std::string id = attribute(element, "ID").value_or("");
  if (!is_plain_id(id) || !is_good_form(signature, id) || !is_unique_id(element->doc, id) ||
      !register_id(element, id)) {
    return false;
  }
  const bool is_right = std::ranges::any_of(certificates, [&](const auto& c) { return verifies(signature, c); });
  ERR_clear_error();
  return is_right;
}

}  // namespace aerolith::federation
