#include "gateway/own_names.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "gateway/route.h"

namespace aerolith::gateway {
namespace {

constexpr size_t kLongestName = 253;
constexpr size_t kLongestLabel = 63;

using Labels = std::vector<std::string>;

// Empty for what is no host name.
Labels split_name(std::string_view name) {
  Labels labels;
  if (name.empty() || name.size() > kLongestName) return labels;
  for (size_t start = 0; start <= name.size();) {
    const size_t dot = std::min(name.find('.', start), name.size());
    const std::string_view label = name.substr(start, dot - start);
    const bool good = !label.empty() && label.size() <= kLongestLabel && label.front() != '-' && label.back() != '-' &&
                      std::ranges::all_of(label, [](char c) {
                        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
                      });
    if (!good) return {};
    labels.emplace_back(label);
    start = dot + 1;
  }
  return labels;
}

std::string join(const Labels& labels, size_t from = 0) {
  std::string name;
  for (size_t i = from; i < labels.size(); ++i) name.append(i == from ? "" : ".").append(labels[i]);
  return name;
}

// What stands before amazonaws.com and the like; empty where the name is under none of them.
Labels take_service_part(const Labels& labels, const std::vector<std::string>& domains) {
  std::vector<std::string> parents = {"amazonaws.com", "api.aws", "localhost", "localhost.localstack.cloud"};
  parents.insert(parents.end(), domains.begin(), domains.end());
  for (const std::string& parent : parents) {
    const Labels end = split_name(to_lower(parent));
    if (end.empty() || labels.size() <= end.size()) continue;
    const auto cut = labels.end() - static_cast<std::ptrdiff_t>(end.size());
    if (std::equal(cut, labels.end(), end.begin())) return {labels.begin(), cut};
  }
  return {};
}

// "fips.eks" and "api-fips.sagemaker" are eks and api.sagemaker.
std::string without_fips(const Labels& labels) {
  Labels plain;
  for (std::string label : labels) {
    if (label == "fips") continue;
    if (label.ends_with("-fips")) label.resize(label.size() - 5);
    plain.push_back(std::move(label));
  }
  return join(plain);
}

bool is_service(const Registry& registry, const Labels& labels) {
  const std::string prefix = without_fips(labels);
  // ECR's dual-stack names lack the "api." of its others.
  return registry.with_endpoint_prefix(prefix) != nullptr || registry.with_endpoint_prefix("api." + prefix) != nullptr;
}

}  // namespace

bool is_region(std::string_view label) {
  if (label == "global" || label == "aws-global") return true;
  const size_t dash = label.rfind('-');
  if (dash == std::string_view::npos || label.find('-') == dash) return false;
  const std::string_view number = label.substr(dash + 1);
  return !number.empty() && number.size() <= 2 &&
         std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<OwnName> find_own_name(const Registry& registry, std::string_view name,
                                     const std::vector<std::string>& domains) {
  OwnName own{to_lower(name), ""};
  const Labels labels = split_name(own.name);
  if (labels.empty()) return std::nullopt;
  const auto is_it = [&](const std::string& domain) { return to_lower(domain) == own.name; };
  if (own.name == "localhost" || std::ranges::any_of(domains, is_it)) return own;

  Labels part = take_service_part(labels, domains);
  // "s3-us-west-2" names its region itself.
  if (!part.empty() && is_region(part.back()) && !is_s3_label(part.back())) part.pop_back();
  if (part.empty()) return std::nullopt;
  const bool is_dual_stack = part.size() > 1 && part.back() == "dualstack" && is_s3_label(part[part.size() - 2]);
  if (is_dual_stack) part.pop_back();
  if (is_s3_label(part.back())) {
    if (part.size() == 2) own.bucket_parent = join(labels, 1);
    return own;
  }
  if (!is_service(registry, part)) return std::nullopt;
  return own;
}

}  // namespace aerolith::gateway
