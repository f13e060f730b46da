#include "audit/least_policy.h"

#include <algorithm>
#include <vector>

#include "base/json_string.h"

namespace aerolith::audit {
namespace {

using Names = std::set<std::string>;

// What a call makes, or any of a kind, as "…:instance/*". A key of S3 may be called so.
bool is_any_of_kind(std::string_view resource) {
  return resource.ends_with("/*") && resource.find(":s3:") == std::string_view::npos;
}

// What stands for itself in a policy:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
std::string escaped(std::string_view resource) {
  if (resource == "*") return "*";
  if (is_any_of_kind(resource)) return escaped(resource.substr(0, resource.size() - 1)) + "*";
  std::string out;
  for (const char c : resource) {
    if (c == '*' || c == '?' || c == '$') {
      out += "${";
      out += c;
      out += '}';
    } else {
      out += c;
    }
  }
  return out;
}

bool is_whole_folder(std::string_view pattern) { return pattern.ends_with("/*"); }

// How many of the patterns lie in each folder; a whole folder counts in those above it only.
std::map<std::string_view, size_t> count_folders(const Names& patterns) {
  std::map<std::string_view, size_t> counts;
  for (const std::string& pattern : patterns) {
    const std::string_view inner =
        is_whole_folder(pattern) ? std::string_view(pattern).substr(0, pattern.size() - 2) : std::string_view(pattern);
    for (size_t at = inner.find('/'); at != std::string_view::npos; at = inner.find('/', at + 1)) {
      ++counts[inner.substr(0, at + 1)];
    }
  }
  return counts;
}

// Widens only what holds no other folder with too many: what lies beside such a one counts anew, with it as one.
Names widened_once(const Names& patterns, size_t most) {
  std::vector<std::string> full;
  for (const auto& [name, count] : count_folders(patterns)) {
    if (count <= most) continue;
    // Sorted, so a folder comes right before those in it.
    while (!full.empty() && name.starts_with(full.back())) full.pop_back();
    full.emplace_back(name);
  }
  Names out;
  for (const std::string& pattern : patterns) {
    const auto folder = std::ranges::find_if(full, [&](const std::string& name) { return pattern.starts_with(name); });
    out.insert(folder == full.end() ? pattern : *folder + "*");
  }
  return out;
}

// Without what another pattern covers.
Names uncovered(const Names& patterns) {
  if (patterns.contains("*")) return {"*"};
  Names out;
  for (const std::string& pattern : patterns) {
    const bool is_covered = std::ranges::any_of(patterns, [&](const std::string& other) {
      return other != pattern && is_whole_folder(other) && pattern.starts_with(other.substr(0, other.size() - 1));
    });
    if (!is_covered) out.insert(pattern);
  }
  return out;
}

Names patterns_of(const Names& resources, size_t widen) {
  Names patterns;
  for (const std::string& resource : resources) patterns.insert(escaped(resource));
  while (widen > 0) {
    Names wider = widened_once(patterns, widen);
    if (wider == patterns) break;
    patterns = std::move(wider);
  }
  return uncovered(patterns);
}

void append_list(std::string& out, std::string_view name, const Names& values) {
  out += "      ";
  append_json_string(out, name);
  out += ": [";
  for (const std::string& value : values) {
    out += &value == &*values.begin() ? "\n        " : ",\n        ";
    append_json_string(out, value);
  }
  out += "\n      ]";
}

}  // namespace

void LeastPolicy::add(std::string_view action, std::string_view resource) {
  resources_by_action_[std::string(action)].emplace(resource);
}

std::string LeastPolicy::document(size_t widen) const {
  std::map<Names, Names> actions_by_resources;
  for (const auto& [action, resources] : resources_by_action_) {
    actions_by_resources[patterns_of(resources, widen)].insert(action);
  }
  std::string out = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [";
  bool is_first = true;
  for (const auto& [resources, actions] : actions_by_resources) {
    out += is_first ? "\n    {\n" : ",\n    {\n";
    is_first = false;
    out += "      \"Effect\": \"Allow\",\n";
    append_list(out, "Action", actions);
    out += ",\n";
    append_list(out, "Resource", resources);
    out += "\n    }";
  }
  out += "\n  ]\n}";
  return out;
}

}  // namespace aerolith::audit
