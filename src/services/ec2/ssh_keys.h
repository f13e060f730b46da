// SSH key pairs: made with OpenSSL, written as OpenSSH does, with EC2's fingerprints.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/verify-keys.html
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aerolith::ec2 {

struct SshPublicKey {
  std::string type;         // rsa, ed25519
  std::string line;         // "ssh-rsa AAAA…"
  std::string fingerprint;  // of an imported one
};
struct SshKeyPair {
  SshPublicKey public_key;  // its fingerprint is that of a made one
  std::string private_key;  // PEM; never stored
};

// nullopt: OpenSSL can't; its error stays in its queue.
std::optional<SshKeyPair> make_rsa_key();
std::optional<SshKeyPair> make_ed25519_key();
// A line of OpenSSH, or a file as RFC 4716 has it; nullopt for what is none, or of another type.
std::optional<SshPublicKey> parse_public_key(std::string_view text);

}  // namespace aerolith::ec2
