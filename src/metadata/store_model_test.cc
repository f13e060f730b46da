// Serializability against a model: several open transactions do random things in a random order. At each commit that
// succeeds, all that the transaction saw must be what it would see if it ran alone, now, on a std::map.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>

#include "metadata/store.h"
#include "os/test_directory.h"

namespace aerolith::metadata {
namespace {

using Model = std::map<std::string, std::string>;

// The same calls on a store's transaction and on the model, and what they answered.
struct Step {
  enum Kind : uint8_t { get, scan, put, erase } kind;
  std::string key;    // scan: the place to seek to
  std::string value;  // put
  KeyRange range;     // scan
  Direction direction = Direction::forward;
  bool seeks = false;
  int limit = 0;  // scan: entries to walk over at most
  std::string answer;
};

std::string run_on_store(const Step& step, Transaction& txn) {
  switch (step.kind) {
    case Step::get:
      return txn.get(step.key).value().value_or("-");
    case Step::put:
      txn.put(step.key, step.value);
      return {};
    case Step::erase:
      txn.erase(step.key);
      return {};
    case Step::scan:
      break;
  }
  std::string out;
  auto cursor = txn.scan(step.range, step.direction);
  if (step.seeks) cursor->seek(step.key);
  for (int i = 0; i < step.limit; ++i) {
    if (!cursor->next().value()) return out + "end";
    out += std::string(cursor->key()) + "=" + std::string(cursor->value()) + " ";
  }
  return out;
}

std::string scan_model(const Step& step, const Model& model) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const auto& [key, value] : model) {
    if (key < step.range.begin || (!step.range.end.empty() && key >= step.range.end)) continue;
    if (step.seeks && step.direction == Direction::forward && key < step.key) continue;
    if (step.seeks && step.direction == Direction::backward && key >= step.key) continue;
    entries.emplace_back(key, value);
  }
  if (step.direction == Direction::backward) std::reverse(entries.begin(), entries.end());
  std::string out;
  for (size_t i = 0; i < static_cast<size_t>(step.limit); ++i) {
    if (i == entries.size()) return out + "end";
    out += entries[i].first + "=" + entries[i].second + " ";
  }
  return out;
}

std::string run_on_model(const Step& step, Model& model) {
  switch (step.kind) {
    case Step::get:
      return model.contains(step.key) ? model[step.key] : "-";
    case Step::put:
      model[step.key] = step.value;
      return {};
    case Step::erase:
      model.erase(step.key);
      return {};
    case Step::scan:
      break;
  }
  return scan_model(step, model);
}

class Walk {
 public:
  Walk(uint64_t seed, Store& store) : random_(seed), store_(store) {}

  void run(int actions) {
    for (int i = 0; i < actions && !testing::Test::HasFatalFailure(); ++i) {
      if (open_.size() < 5 && below(4) == 0) {
        open_.push_back({store_.begin_write(), {}, std::nullopt});
      } else if (!open_.empty()) {
        size_t which = below(open_.size());
        if (below(6) == 0) {
          finish(which);
        } else {
          act(open_[which]);
        }
      }
    }
    open_.clear();
    Step all{.kind = Step::scan, .range = {}, .limit = 1000};
    auto txn = store_.begin_write();
    // The format key comes before all others.
    all.range.begin = "a";
    EXPECT_EQ(run_on_store(all, *txn), scan_model(all, model_));
  }

  int committed = 0;
  int conflicts = 0;

 private:
  struct Open {
    std::unique_ptr<Transaction> txn;
    std::vector<Step> steps;
    std::optional<Model> at_first_read;
  };

  uint64_t below(uint64_t n) { return random_() % n; }
  std::string key() {
    std::string out(1 + below(2), 'a');
    for (char& c : out) c = static_cast<char>('a' + below(5));
    return out;
  }

  Step random_step() {
    Step step{.kind = std::array{Step::get, Step::scan, Step::put, Step::put, Step::erase}[below(5)], .key = key()};
    // Some values go to blob files.
    step.value = std::to_string(++counter_) + (below(8) == 0 ? std::string(3000, 'v') : "");
    if (step.kind != Step::scan) return step;
    step.range.begin = below(4) == 0 ? "a" : key();
    step.range.end = below(4) == 0 ? "" : key();
    step.direction = below(2) == 0 ? Direction::forward : Direction::backward;
    step.seeks = below(2) == 0;
    step.limit = static_cast<int>(below(6));
    return step;
  }

  void act(Open& open) {
    Step step = random_step();
    // A key that the transaction has written itself is no read of the store.
    bool is_own = step.kind == Step::get && std::ranges::any_of(open.steps, [&](const Step& s) {
                    return s.kind >= Step::put && s.key == step.key;
                  });
    bool reads = step.kind == Step::scan || (step.kind == Step::get && !is_own);
    if (!open.at_first_read && reads) open.at_first_read = model_;
    step.answer = run_on_store(step, *open.txn);
    open.steps.push_back(std::move(step));
  }

  // What the transaction saw, had it run alone on `model`; nothing when it would have seen something else.
  static bool replays(const std::vector<Step>& steps, Model& model) {
    for (const Step& step : steps) {
      if (run_on_model(step, model) != step.answer) return false;
    }
    return true;
  }

  void finish(size_t which) {
    Open open = std::move(open_[which]);
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
    // Whatever happens, it saw one moment.
    if (open.at_first_read) {
      ASSERT_TRUE(replays(open.steps, *open.at_first_read));
    }
    bool writes = std::ranges::any_of(open.steps, [](const Step& s) { return s.kind >= Step::put; });
    Result<> result = open.txn->commit();
    if (!result) {
      ASSERT_EQ(result.error().code, ErrorCode::conflict);
      ++conflicts;
      return;
    }
    ++committed;
    if (!writes) return;
    ASSERT_TRUE(replays(open.steps, model_)) << "a committed transaction saw something stale";
  }

  std::mt19937_64 random_;
  Store& store_;
  Model model_;
  std::vector<Open> open_;
  int counter_ = 0;
};

TEST(StoreModelTest, CommittedTransactionsAreSerializable) {
  os::TestDirectory directory;
  int committed = 0;
  int conflicts = 0;
  for (uint64_t seed = 1; seed <= 6 && !testing::Test::HasFatalFailure(); ++seed) {
    StoreOptions options;
    options.directory = directory / std::to_string(seed);
    options.write_buffer_bytes = 64 << 10;
    auto store = open_store(options).value();
    Walk walk(seed, *store);
    walk.run(4000);
    committed += walk.committed;
    conflicts += walk.conflicts;
  }
  // Both ways were taken often enough for the test to mean something.
  EXPECT_GT(committed, 500);
  EXPECT_GT(conflicts, 200);
}

}  // namespace
}  // namespace aerolith::metadata
