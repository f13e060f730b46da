#include "base/step.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

namespace aerolith {

namespace step_details {
void (*passed)(std::string_view) = nullptr;
}

namespace {

class Listener {
 public:
  explicit Listener(const std::string& folder) : passed_(folder + "/passed"), kill_at_(folder + "/kill-at") {}

  void hear(std::string_view name) {
    const std::lock_guard lock(mutex_);
    note(name);
    std::string wanted;
    int wanted_times = 0;
    if (!(std::ifstream(kill_at_) >> wanted >> wanted_times)) {
      times_.clear();
      return;
    }
    if (++times_[std::string(name)] != wanted_times || name != wanted) return;
    ::unlink(kill_at_.c_str());
    ::kill(::getpid(), SIGKILL);
    ::pause();
  }

 private:
  void note(std::string_view name) const {
    const int file = ::open(passed_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) return;
    const std::string line = std::string(name) + "\n";
    (void)!::write(file, line.data(), line.size());
    ::close(file);
  }

  const std::string passed_;
  const std::string kill_at_;
  std::mutex mutex_;
  std::map<std::string, int> times_;  // since kill_at_ is there
};

Listener* listener = nullptr;

}  // namespace

void listen_to_steps() {
  const char* folder = std::getenv("AEROLITH_STEPS");
  if (folder == nullptr || *folder == '\0') return;
  static Listener only{folder};
  listener = &only;
  step_details::passed = [](std::string_view name) { listener->hear(name); };
}

}  // namespace aerolith
