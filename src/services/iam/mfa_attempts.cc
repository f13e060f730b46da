#include "services/iam/mfa_attempts.h"

#include <chrono>

namespace aerolith::iam {
namespace {

constexpr int kMostWrong = 10;
constexpr std::chrono::minutes kWithin{10};

}  // namespace

bool MfaAttempts::may_try(const std::string& device, Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto found = wrong_.find(device);
  if (found == wrong_.end()) return true;
  if (now - found->second.first >= kWithin) {
    wrong_.erase(found);
    return true;
  }
  return found->second.count < kMostWrong;
}

void MfaAttempts::note(const std::string& device, bool was_right, Timestamp now) {
  const std::lock_guard lock(mutex_);
  if (was_right) {
    wrong_.erase(device);
    return;
  }
  Wrong& wrong = wrong_[device];
  if (wrong.count++ == 0) wrong.first = now;
}

}  // namespace aerolith::iam
