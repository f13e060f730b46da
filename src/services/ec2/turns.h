// One after another, for each key: work that looks at records and then makes the host as they are must not be overtaken
// by work that looked before. Who waited while another one began and ended needn't work any more: that one saw it all.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace aerolith::ec2 {

// Safe from any thread.
class Turns {
 public:
  // Waits for its turn, runs `work` (whose bool says whether it ended well) and answers that; true at once where
  // somebody's work began after this call did, and ended well.
  template <typename Work>
  bool take(std::string_view key, Work work) {
    uint64_t number = 0;
    if (!begin(key, number)) return true;
    const Turn turn{*this, std::string(key), number};
    return turn.ended_well = work();
  }

 private:
  struct State {
    bool is_taken = false;
    int users = 0;  // who have it, or wait for it
    uint64_t begun = 0;
    uint64_t ended_well = 0;  // the latest of them that did
  };
  struct Turn {
    Turns& turns;
    std::string key;
    uint64_t number;
    mutable bool ended_well = false;
    ~Turn() { turns.end(key, number, ended_well); }
  };

  bool begin(std::string_view key, uint64_t& number);
  void end(const std::string& key, uint64_t number, bool well);
  void leave(const std::string& key);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, State, std::less<>> states_;
};

}  // namespace aerolith::ec2
