#include "federation/saml_metadata.h"

#include <openssl/err.h>

#include <algorithm>

#include "base/encoding.h"
#include "federation/openssl_owned.h"
#include "federation/saml_xml.h"

namespace aerolith::federation {
namespace {

// Base64 with line breaks; nullopt for what isn't a certificate with a key.
std::optional<std::string> read_certificate(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  auto der = base64_decode(text);
  if (!der || der->empty()) return std::nullopt;
  const unsigned char* at = bytes_of(*der);
  const Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der->size())));
  const bool is_whole = certificate != nullptr && at == bytes_of(*der) + der->size();
  const bool has_key = is_whole && X509_get0_pubkey(certificate.get()) != nullptr;
  ERR_clear_error();
  return has_key ? der : std::nullopt;
}

// False for a certificate that can't be read.
bool add_certificates(const xmlNode* descriptor, std::vector<std::string>& certificates) {
  for (const xmlNode* key : children(descriptor, kSamlMetadataNamespace, "KeyDescriptor")) {
    if (attribute(key, "use").value_or("signing") != "signing") continue;
    for (const xmlNode* info : children(key, kSignatureNamespace, "KeyInfo")) {
      for (const xmlNode* data : children(info, kSignatureNamespace, "X509Data")) {
        for (const xmlNode* node : children(data, kSignatureNamespace, "X509Certificate")) {
          auto certificate = read_certificate(text_of(node));
          if (!certificate) return false;
          if (std::ranges::find(certificates, *certificate) == certificates.end()) {
            certificates.push_back(*std::move(certificate));
          }
        }
      }
    }
  }
  return true;
}

}  // namespace

std::optional<SamlMetadata> parse_saml_metadata(std::string_view text) {
  if (text.size() > kMaxMetadataBytes) return std::nullopt;
  const XmlDocument document = parse_xml(text);
  if (document == nullptr) return std::nullopt;
  const xmlNode* const root = xmlDocGetRootElement(document.get());
  if (!is_element(root, kSamlMetadataNamespace, "EntityDescriptor")) return std::nullopt;
  SamlMetadata metadata;
  metadata.entity_id = attribute(root, "entityID").value_or("");
  if (metadata.entity_id.empty()) return std::nullopt;
  const auto descriptors = children(root, kSamlMetadataNamespace, "IDPSSODescriptor");
  // The earliest end counts.
  const auto limit_by = [&](const xmlNode* element) {
    const auto until = attribute(element, "validUntil");
    if (!until) return true;
    const auto end = parse_iso8601(*until);
    if (end) metadata.valid_until = metadata.valid_until ? std::min(*metadata.valid_until, *end) : *end;
    return end.has_value();
  };
  if (!limit_by(root)) return std::nullopt;
  for (const xmlNode* descriptor : descriptors) {
    if (!limit_by(descriptor) || !add_certificates(descriptor, metadata.certificates)) return std::nullopt;
  }
  if (metadata.certificates.empty() || metadata.certificates.size() > kMaxSamlKeys) return std::nullopt;
  return metadata;
}

}  // namespace aerolith::federation
