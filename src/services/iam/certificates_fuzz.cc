// What clients upload as certificates and SSH keys: any text is read or refused.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "services/iam/certificates.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aerolith::iam;
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)read_certificate(text);
  (void)check_chain(text);
  (void)check_key_pair(text, text);
  const auto key = read_ssh_key(text);
  if (!key.has_value()) return 0;
  // Both forms of what was read are read again, as the same key.
  for (const std::string& form : {key->ssh_form, key->pem}) {
    const auto again = read_ssh_key(form);
    if (!again.has_value() || again->fingerprint != key->fingerprint) std::abort();
  }
  return 0;
}
