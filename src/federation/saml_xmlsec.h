// The XML security library, and keys as it wants them.
#pragma once

#include <xmlsec/keys.h>
#include <xmlsec/xmlsec.h>

#include "federation/openssl_owned.h"

namespace aerolith::federation {

using SecKey = Owned<xmlSecKey, xmlSecKeyDestroy>;

// Starts it at the first call. False: it can't be started, which is logged.
bool is_xmlsec_ready();
// Null where the library has no use for such a key.
SecKey to_sec_key(Key key);

}  // namespace aerolith::federation
