// Names, paths, unique ids and ARNs.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/codec.h"
#include "services/iam/errors.h"

namespace aerolith::iam {

// What rows are keyed by.
Name lower_name(std::string_view name);
Name lower_name(const std::string& name);
Name lower_name(const std::optional<std::string>& name);

// Prefix (AIDA, AGPA, AROA, ANPA, AIPA, ASCA, AKIA) and random characters: 17, or 16 of an access key.
std::string make_unique_id(std::string_view prefix);
std::string make_access_key_id();
std::string make_secret_access_key();

// "arn:aws:iam::123456789012:user/path/name"; `path` with both its slashes.
std::string make_arn(const AccountId& account, std::string_view type, std::string_view path, std::string_view name);
std::string root_arn(const AccountId& account);

// What IAM says of a name or a path that doesn't match the model's pattern; nullopt for all else.
std::optional<std::string> word_breach(const protocol::DecodeError& breach);
// "/" where none is given. ValidationError for what isn't a path: the model's pattern allows "/a" at its edges.
Result<std::string> read_path(const std::optional<std::string>& path);
bool has_prefix(std::string_view path, const std::optional<std::string>& prefix);

struct ArnParts {
  std::string_view account;  // "aws" for AWS's own policies
  std::string_view type;     // "policy"
  std::string_view path;     // "/a/b/"
  std::string_view name;
};
// nullopt for what isn't an ARN of IAM.
std::optional<ArnParts> split_arn(std::string_view arn);

}  // namespace aerolith::iam
