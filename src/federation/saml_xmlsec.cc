#include "federation/saml_xmlsec.h"

#include <xmlsec/app.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/openssl/evp.h>

#include "base/log.h"

namespace aerolith::federation {
namespace {

void ignore_errors(const char*, int, const char*, const char*, const char*, int, const char*) {}

bool start_xmlsec() {
  if (xmlSecInit() < 0 || xmlSecCryptoAppInit(nullptr) < 0 || xmlSecCryptoInit() < 0) {
    log_error("xmlsec can't be started");
    return false;
  }
  xmlSecErrorsSetCallback(&ignore_errors);
  return true;
}

}  // namespace

bool is_xmlsec_ready() {
  static const bool is_ready = start_xmlsec();
  return is_ready;
}

SecKey to_sec_key(Key key) {
  if (key == nullptr) return nullptr;
  EVP_PKEY* const adopted = key.release();
  xmlSecKeyData* const data = xmlSecOpenSSLEvpKeyAdopt(adopted);  // which owns it now, unless it is null
  if (data == nullptr) {
    EVP_PKEY_free(adopted);
    return nullptr;
  }
  SecKey made(xmlSecKeyCreate());
  if (made == nullptr || xmlSecKeySetValue(made.get(), data) < 0) {
    xmlSecKeyDataDestroy(data);
    return nullptr;
  }
  return made;
}

}  // namespace aerolith::federation
