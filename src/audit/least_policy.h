// The least identity-based policy that allows what was asked for.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace aerolith::audit {

class LeastPolicy {
 public:
  // An action and the ARN it was asked on, or "*".
  void add(std::string_view action, std::string_view resource);
  bool is_empty() const { return resources_by_action_.empty(); }

  // A policy document, indented: actions with the same resources share a statement. Where an action is needed on more
  // than `widen` resources of one folder (what their ARNs share up to a slash), the whole folder is allowed; 0: never.
  std::string document(size_t widen) const;

 private:
  std::map<std::string, std::set<std::string>> resources_by_action_;
};

}  // namespace aerolith::audit
