// Counts wrong MFA codes, lest somebody with a stolen key try all million of them.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/time.h"

namespace aerolith::iam {

// Safe from any thread. In memory: a restart forgets.
class MfaAttempts {
 public:
  // Whether a code for this device is looked at: false while there were too many wrong ones lately.
  bool may_try(const std::string& device, Timestamp now);
  void note(const std::string& device, bool was_right, Timestamp now);

 private:
  struct Wrong {
    int count = 0;
    Timestamp first;
  };

  std::mutex mutex_;
  std::map<std::string, Wrong> wrong_;
};

}  // namespace aerolith::iam
