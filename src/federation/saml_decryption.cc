#include "federation/saml_decryption.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <xmlsec/buffer.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/xmlenc.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "federation/saml_xmlsec.h"

namespace aerolith::federation {
namespace {

constexpr const char* kEncryptionNamespace = "http://www.w3.org/2001/04/xmlenc#";
constexpr std::string_view kContentMethods[] = {
    "http://www.w3.org/2001/04/xmlenc#aes128-cbc", "http://www.w3.org/2001/04/xmlenc#aes192-cbc",
    "http://www.w3.org/2001/04/xmlenc#aes256-cbc", "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2009/xmlenc11#aes192-gcm",  "http://www.w3.org/2009/xmlenc11#aes256-gcm"};
constexpr std::string_view kKeyMethods[] = {"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"};

using EncryptionContext = Owned<xmlSecEncCtx, xmlSecEncCtxDestroy>;
using Bio = Owned<BIO, BIO_free_all>;

template <typename Names>
bool has_form(const xmlNode* element, const Names& methods) {
  const xmlNode* const method = only_child(element, kEncryptionNamespace, "EncryptionMethod");
  const std::string algorithm = attribute(method, "Algorithm").value_or("");
  const xmlNode* const data = only_child(element, kEncryptionNamespace, "CipherData");
  // Nothing is fetched from elsewhere.
  return std::ranges::find(methods, algorithm) != std::end(methods) && data != nullptr &&
         only_child(data, kEncryptionNamespace, "CipherValue") != nullptr &&
         only_child(data, kEncryptionNamespace, "CipherReference") == nullptr;
}

// The bytes that `element` (an EncryptedKey or EncryptedData) holds.
std::optional<std::string> decrypt(xmlNode* element, SecKey key, xmlEncCtxMode mode) {
  const EncryptionContext context(xmlSecEncCtxCreate(nullptr));
  if (key == nullptr || context == nullptr) return std::nullopt;
  context->mode = mode;
  // With a key set, what the element says of its key isn't looked at.
  context->encKey = key.release();
  const xmlSecBuffer* const found = xmlSecEncCtxDecryptToBuffer(context.get(), element);
  if (found == nullptr || found->data == nullptr) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(found->data), found->size);
}

SecKey read_private_key(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const auto no_password = [](char*, int, int, void*) { return -1; };
  return to_sec_key(Key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr)));
}

SecKey make_content_key(const std::string& bytes) {
  SecKey key(xmlSecKeyCreate());
  xmlSecKeyData* const data = xmlSecKeyDataCreate(xmlSecOpenSSLKeyDataAesId);
  if (key == nullptr || data == nullptr) return nullptr;
  if (xmlSecOpenSSLKeyDataAesSet(data, bytes_of(bytes), static_cast<xmlSecSize>(bytes.size())) < 0 ||
      xmlSecKeySetValue(key.get(), data) < 0) {
    xmlSecKeyDataDestroy(data);
    return nullptr;
  }
  return key;
}

}  // namespace

XmlDocument decrypt_assertion(const xmlNode* encrypted, const std::vector<std::string>& private_keys) {
  xmlNode* const data = only_child(encrypted, kEncryptionNamespace, "EncryptedData");
  if (!is_xmlsec_ready() || data == nullptr || !has_form(data, kContentMethods)) return nullptr;
  const xmlNode* const info = only_child(data, kSignatureNamespace, "KeyInfo");
  xmlNode* carried = info != nullptr ? only_child(info, kEncryptionNamespace, "EncryptedKey") : nullptr;
  // Some put it beside.
  if (carried == nullptr) carried = only_child(encrypted, kEncryptionNamespace, "EncryptedKey");
  if (carried == nullptr || !has_form(carried, kKeyMethods)) return nullptr;
  XmlDocument assertion;
  for (const std::string& pem : private_keys) {
    const auto key = decrypt(carried, read_private_key(pem), xmlEncCtxModeEncryptedKey);
    const auto text = key ? decrypt(data, make_content_key(*key), xmlEncCtxModeEncryptedData) : std::nullopt;
    if (text) assertion = parse_xml(*text);
    if (assertion != nullptr) break;
  }
  ERR_clear_error();
  return assertion;
}

}  // namespace aerolith::federation
