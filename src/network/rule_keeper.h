// Rule sets as they are in the kernel: replaced in one transaction where they aren't what they should be, left alone
// where nobody has touched them since.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "network/fabric.h"

namespace aerolith::network {

// Safe from any thread.
class RuleKeeper {
 public:
  // In the namespace at `path`; empty: the caller's.
  Result<> keep(const std::string& path, const std::string& text);
  // The same, on a thread that is in that namespace.
  Result<> keep_here(ino_t identity, const std::string& text);
  void forget(ino_t identity);

 private:
  // The kernel counts the transactions of each namespace: an equal number means that nothing was changed, by anybody.
  struct Kept {
    uint32_t generation = 0;
    std::string text;
  };
  std::mutex mutex_;
  std::map<ino_t, Kept> kept_;
};

}  // namespace aerolith::network
