// Encrypted assertions of SAML.
// https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf, 6
#pragma once

#include <string>
#include <vector>

#include "federation/saml_xml.h"

namespace aerolith::federation {

// The assertion in an EncryptedAssertion, as a document of its own. Content by AES (CBC or GCM) with a key that
// RSA-OAEP carries: RSA 1.5 can be opened by asking often. Null for any other form and where no key opens it: one
// answer for all, as with CBC a stranger who can tell why could read what he can't decrypt.
XmlDocument decrypt_assertion(const xmlNode* encrypted, const std::vector<std::string>& private_keys);

}  // namespace aerolith::federation
