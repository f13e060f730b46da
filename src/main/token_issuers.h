// The issuers of the accounts' own tokens as relying parties see them: names of ours, and two public documents under
// each.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/own_names.h"
#include "http/message.h"
#include "services/iam/api.h"

namespace aerolith::main_program {

// Safe from any thread. `directory` must outlive it.
class TokenIssuers {
 public:
  explicit TokenIssuers(const iam::Directory& directory) : directory_(directory) {}

  // Of an issuer that there is: those of AWS's accounts stay AWS's. One read of the store, for names of that kind.
  std::optional<gateway::OwnName> find_own_name(std::string_view name) const;
  // To whoever asks under a name of that kind; nullopt under any other.
  std::optional<http::Response> answer(const http::RequestHead& head) const;

 private:
  // Of the host of that name. Nullopt where there is no such issuer, or the store can't be read, which is logged.
  std::optional<std::string> find_keys(std::string_view host) const;

  const iam::Directory& directory_;
};

}  // namespace aerolith::main_program
