#include <rocksdb/db.h>
#include <rocksdb/iterator.h>

#include <utility>

#include "metadata/rocksdb_transaction.h"

namespace aerolith::metadata {

namespace {

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const rocksdb::Slice& s) { return {s.data(), s.size()}; }

class RocksdbCursor final : public Cursor {
 public:
  RocksdbCursor(const RocksdbSnapshot& snapshot, KeyRange range, Direction direction, const WriteSet* writes,
                ReadSet* reads)
      : range_(std::move(range)), forward_(direction == Direction::forward), writes_(writes), reads_(reads) {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot.handle();
    // RocksDB keeps pointers to these slices.
    begin_slice_ = slice(range_.begin);
    end_slice_ = slice(range_.end);
    if (!range_.begin.empty()) options.iterate_lower_bound = &begin_slice_;
    if (!range_.end.empty()) options.iterate_upper_bound = &end_slice_;
    base_.reset(snapshot.database().NewIterator(options));
    RocksdbCursor::seek(forward_ ? range_.begin : range_.end);
  }

  void seek(std::string_view key) override {
    target_ = key;
    if (forward_) {
      if (target_ < range_.begin) target_ = range_.begin;
    } else if (!range_.end.empty() && (target_.empty() || target_ > range_.end)) {
      target_ = range_.end;
    }
    at_target_ = true;
    done_ = false;
    base_is_current_ = false;
  }

  Result<bool> next() override {
    if (done_) return false;
    if (std::exchange(at_target_, false)) {
      seek_base();
      noted_ = false;
      has_key_ = false;
    } else if (base_is_current_) {
      step_base();
    }
    base_is_current_ = false;
    bool found = writes_ == nullptr ? take_base() : take_merged();
    if (!base_->status().ok()) {
      done_ = true;
      return std::unexpected(error_of(base_->status()));
    }
    done_ = !found;
    if (reads_ != nullptr) note_read();
    return found;
  }

  std::string_view key() const override { return key_; }
  std::string_view value() const override { return base_is_current_ ? view(base_->value()) : value_; }

 private:
  void seek_base() {
    if (forward_) {
      base_->Seek(slice(target_));
    } else if (target_.empty()) {
      base_->SeekToLast();
    } else {
      base_->SeekForPrev(slice(target_));
      if (base_->Valid() && view(base_->key()) == target_) base_->Prev();
    }
  }

  void step_base() {
    if (forward_) {
      base_->Next();
    } else {
      base_->Prev();
    }
  }

  bool take_base() {
    if (!base_->Valid()) return false;
    key_ = view(base_->key());
    has_key_ = true;
    base_is_current_ = true;
    return true;
  }

  // The write that comes next after where the cursor stands. Looked up anew at each step, so that writes made
  // meanwhile do no harm.
  const WriteSet::value_type* next_write() const {
    if (forward_) {
      auto at = has_key_ ? writes_->upper_bound(key_) : writes_->lower_bound(target_);
      if (at == writes_->end() || (!range_.end.empty() && at->first >= range_.end)) return nullptr;
      return &*at;
    }
    std::string_view bound = has_key_ ? std::string_view(key_) : std::string_view(target_);
    auto at = !has_key_ && target_.empty() ? writes_->end() : writes_->lower_bound(bound);
    if (at == writes_->begin()) return nullptr;
    --at;
    return at->first < range_.begin ? nullptr : &*at;
  }

  bool take_merged() {
    while (true) {
      const WriteSet::value_type* write = next_write();
      if (write == nullptr) return take_base();
      if (base_->Valid()) {
        std::string_view base_key = view(base_->key());
        if (forward_ ? base_key < write->first : base_key > write->first) return take_base();
        if (base_key == write->first) step_base();  // hidden by the write
      } else if (!base_->status().ok()) {
        return false;
      }
      key_ = write->first;
      has_key_ = true;
      if (!write->second) continue;  // erased
      value_ = *write->second;
      return true;
    }
  }

  // What was walked over since the last seek is one range, that grows.
  void note_read() {
    if (!std::exchange(noted_, true)) {
      noted_at_ = reads_->ranges.size();
      reads_->ranges.push_back(forward_ ? KeyRange{target_, {}} : KeyRange{{}, target_});
    }
    KeyRange& walked = reads_->ranges[noted_at_];
    if (forward_) {
      walked.end = done_ ? range_.end : key_;
      if (!done_) walked.end += '\0';
    } else {
      walked.begin = done_ ? range_.begin : key_;
    }
  }

  KeyRange range_;
  bool forward_;
  const WriteSet* writes_;
  ReadSet* reads_;
  rocksdb::Slice begin_slice_;
  rocksdb::Slice end_slice_;
  std::unique_ptr<rocksdb::Iterator> base_;

  std::string target_;  // forward: the first key that may come; backward: all keys are before it (empty: no limit)
  bool at_target_ = true;
  bool done_ = false;
  bool has_key_ = false;
  bool base_is_current_ = false;
  std::string key_;
  std::string value_;
  bool noted_ = false;
  size_t noted_at_ = 0;
};

}  // namespace

std::unique_ptr<Cursor> make_cursor(const RocksdbSnapshot& snapshot, KeyRange range, Direction direction,
                                    const WriteSet* writes, ReadSet* reads) {
  return std::make_unique<RocksdbCursor>(snapshot, std::move(range), direction, writes, reads);
}

}  // namespace aerolith::metadata
