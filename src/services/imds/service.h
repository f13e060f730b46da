// The instance metadata service: what guests read at 169.254.169.254, versions 1 and 2. The handler of an http::Server
// of its own that adopts the sockets of each VPC under the VPC's id: id and peer address say which instance asks.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "auth/secret_box.h"
#include "base/strong_string.h"
#include "base/time.h"
#include "http/server.h"
#include "services/ec2/api.h"
#include "services/imds/role_credentials.h"
#include "services/imds/tree.h"

namespace aerolith::imds {

// The seam to the installation's CA. Safe from any thread. Empty where it can't sign.
class DocumentSigner {
 public:
  virtual ~DocumentSigner() = default;
  // PKCS7, the document inside, in the lines of base64 of a PEM file.
  virtual std::string sign_pkcs7(std::string_view document) = 0;
  // The bare signature, also in such lines.
  virtual std::string sign(std::string_view document) = 0;
};

using FindInstance = std::function<metadata::Result<std::optional<ec2::InstanceFacts>>(const std::string& vpc,
                                                                                       std::string_view address)>;

// What they refer to must outlive the service.
struct Parts {
  const Clock& clock;
  Region region;
  const auth::SecretBox& box;  // seals tokens
  FindInstance find_instance;
  FindProfile find_profile;
  const sts::Sessions& sessions;
  const sts::RoleSource& roles;
  DocumentSigner& signer;
};

// Safe from any thread.
class Service final : public http::RequestHandler {
 public:
  explicit Service(Parts parts);
  http::Response handle(http::Request& request) override;
  http::Response overloaded(const http::RequestHead& head) override;
  http::Response bad_request(int status, std::string_view reason, std::string_view peer_address) override;

 private:
  http::Response issue_token(const http::RequestHead& head, const ec2::InstanceFacts& facts) const;
  http::Response read(const http::RequestHead& head, const ec2::InstanceFacts& facts);
  // `path`: under a version.
  metadata::Result<http::Response> read_path(const std::string& path, const ec2::InstanceFacts& facts);
  metadata::Result<http::Response> read_iam(const std::string& path, const ec2::InstanceFacts& facts);
  http::Response read_identity(const std::string& path, const ec2::InstanceFacts& facts) const;

  const Parts parts_;
  RoleCredentials credentials_;
};

}  // namespace aerolith::imds
