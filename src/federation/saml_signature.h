// Signatures in XML, as SAML has them: enveloped in the element that they sign.
// https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf, 5.4
//
// xmlsec1 computes; what may be signed and how is decided here first, so that nothing of a stranger's choice runs
// (XSLT, XPath, look-ups), and so that what was signed is the very element that is used afterwards.
#pragma once

#include <string>
#include <vector>

#include "federation/saml_xml.h"

namespace aerolith::federation {

// Whether the ds:Signature that is a child of `element` signs just that element, with the key of one of the
// certificates (DER). `element` must have an ID that no other element of the document has.
bool verify_enveloped_signature(xmlNode* element, xmlNode* signature, const std::vector<std::string>& certificates);

}  // namespace aerolith::federation
