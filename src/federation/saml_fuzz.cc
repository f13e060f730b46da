// Metadata and responses of strangers: read without a crash; a response is believed only if a key of ours signed it.
#include <cstdint>
#include <cstdlib>

#include "base/encoding.h"
#include "federation/saml_metadata.h"
#include "federation/saml_response.h"

namespace {

// The seeds' signer; its key is nowhere.
constexpr std::string_view kCertificate =
    "MIIBczCCARmgAwIBAgIUZe4vrr7QSTmZAD3lMaPR7JjVZEgwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEc2VlZDAeFw0yNjExMjcwNDQzNDRa"
    "Fw0zNjExMjQwNDQzNDRaMA8xDTALBgNVBAMMBHNlZWQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT38HbJ7RkpbDsbUmUj1I3bmTdxEgMm"
    "BQtbNfhVjYnULYOteuRNgU+Vw4h5eSboaHZqwBcXpE58C3AESrs5g8Hco1MwUTAdBgNVHQ4EFgQU9Dno1oDWu9pB8c/QoiPO5Q+TD1AwHwYD"
    "VR0jBBgwFoAU9Dno1oDWu9pB8c/QoiPO5Q+TD1AwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAihsuIT/a40SyPWPgqMt6f"
    "/kJAwWkW8ge7QlUvk5HBKQIhAM6ygwjzd4WFAMytk1VcMEL7b/VXoN/wM2wBwa0Iiwlh";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aerolith;
  using namespace aerolith::federation;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto metadata = parse_saml_metadata(text);
  if (metadata && (metadata->entity_id.empty() || metadata->certificates.empty())) std::abort();
  static const SamlMetadata provider{.entity_id = "https://idp.example.com/saml",
                                     .certificates = {base64_decode(kCertificate).value()},
                                     .valid_until = std::nullopt};
  // What the seeds say was true long after this time.
  if (verify_saml_response(base64_encode(text), provider, {}, Timestamp()).has_value()) std::abort();
  return 0;
}
