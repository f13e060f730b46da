// The profile `aerolith` in the files that AWS's CLI and SDKs read:
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
//
// Only the keys that Aerolith needs are touched, in its own section; every other byte stays.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "main/installation.h"

namespace aerolith::main_program {

inline constexpr std::string_view kAwsProfileName = "aerolith";

struct AwsProfile {
  std::string region;
  std::string endpoint_url;
  std::string ca_bundle;  // a path; empty where there is no TLS
  std::string access_key_id;
  std::string secret_access_key;
};

// Of a server of this installation.
AwsProfile make_aws_profile(const Installation& installation, const std::string& region, const std::string& endpoint,
                            bool tls);

struct AwsFiles {
  std::filesystem::path config;
  std::filesystem::path credentials;
};
// By AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE and HOME; nullopt when none of them tells.
std::optional<AwsFiles> find_aws_files(const std::map<std::string, std::string>& environment);

enum class AwsProfileErrorCode { io };
using AwsProfileError = Failure<AwsProfileErrorCode>;

// True when a file changed. A file that is there is replaced whole and durably (through symbolic links) and keeps its
// mode and owner; a new one has 0600, its folder 0700.
Result<bool, AwsProfileError> write_aws_profile(const AwsFiles& files, const AwsProfile& profile);

enum class AwsProfileState : uint8_t {
  missing,  // a file lacks the section, or can't be read
  stale,    // there, and not what write_aws_profile would leave
  current,
};
AwsProfileState find_aws_profile(const AwsFiles& files, const AwsProfile& profile);

// A key of a section, or one of a nested block ("s3", "addressing_style").
struct ProfileKey {
  std::string name;
  std::string nested;  // empty for a key of the section itself
  std::string value;   // empty: the key is taken away
};
// The text with these keys in that section; the same text where they are there already.
std::string edit_profile(std::string_view text, std::string_view section, const std::vector<ProfileKey>& keys);

}  // namespace aerolith::main_program
