#include "auth/sigv4.h"

#include <mutex>
#include <utility>

#include "base/encoding.h"

namespace aerolith::auth {

std::string_view algorithm_name(SignatureAlgorithm algorithm) {
  return algorithm == SignatureAlgorithm::hmac_sha256 ? kHmacAlgorithm : kEcdsaAlgorithm;
}

bool is_s3_family(std::string_view service) {
  return service == "s3" || service == "s3express" || service == "s3-outposts" || service == "s3-object-lambda";
}

PathRule path_rule(std::string_view service) {
  return is_s3_family(service) ? PathRule::as_sent : PathRule::normalised;
}

std::string scope_text(SignatureAlgorithm algorithm, std::string_view date, std::string_view region,
                       std::string_view service) {
  std::string out;
  out.reserve(64);
  out += date;
  out += '/';
  if (algorithm == SignatureAlgorithm::hmac_sha256) {
    out += region;
    out += '/';
  }
  out += service;
  out += '/';
  out += kTerminator;
  return out;
}

std::string string_to_sign(std::string_view algorithm, std::string_view time, std::string_view scope,
                           std::string_view canonical_request) {
  std::string out;
  out.reserve(192);
  out += algorithm;
  out += '\n';
  out += time;
  out += '\n';
  out += scope;
  out += '\n';
  out += sha256_hex(canonical_request);
  return out;
}

std::string derive_signing_key(std::string_view secret, std::string_view date, std::string_view region,
                               std::string_view service) {
  std::string key = "AWS4";
  key += secret;
  key = hmac_sha256(key, date);
  key = hmac_sha256(key, region);
  key = hmac_sha256(key, service);
  return hmac_sha256(key, kTerminator);
}

std::string hmac_signature(std::string_view signing_key, std::string_view text) {
  return hex_encode(hmac_sha256(signing_key, text));
}

std::shared_ptr<const std::string> SigningKeyCache::get(std::string_view secret, std::string_view date,
                                                        std::string_view region, std::string_view service) {
  std::string name;
  name.reserve(secret.size() + date.size() + region.size() + service.size() + 3);
  // None of the four may hold a newline, so that two different quadruples never share a name.
  for (const std::string_view part : {secret, date, region, service}) {
    name += part;
    name += '\n';
  }
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = keys_.find(name); found != keys_.end()) return found->second;
  }
  auto key = std::make_shared<const std::string>(derive_signing_key(secret, date, region, service));
  const std::unique_lock lock(mutex_);
  if (keys_.size() >= capacity_) keys_.clear();
  return keys_.emplace(std::move(name), std::move(key)).first->second;
}

size_t SigningKeyCache::size() const {
  const std::shared_lock lock(mutex_);
  return keys_.size();
}

}  // namespace aerolith::auth
