// What a request carries for conditions and policy variables: context keys and their values.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html#AccessPolicyLanguage_RequestContext
//
// A table that is filled once a request, in memory of its own: what a request has as a rule is kept without allocation.
// Names compare without case. Most policies ask for few keys, so a source may add its own when one is missed. Not for
// several threads at once while it is filled or has a source.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

namespace aerolith::policy {

// The name of a context key as a policy refers to it, ready for the look-up.
struct ContextKey {
  ContextKey() = default;
  explicit ContextKey(std::string_view written);

  std::string name;     // lower case
  std::string written;  // as the policy has it
  uint32_t hash = 0;
};

// Keys that are costly to find out, in portions.
class KeySource {
 public:
  virtual ~KeySource() = default;
  // Adds the next portion to the context; false: there is none left. A portion sets no key of another.
  virtual bool add_more() = 0;
};

class Context {
 public:
  Context() : Context(nullptr) {}
  // `source` may be null, and must outlive it.
  explicit Context(KeySource* source);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // A key of one value: aws:SourceIp. Given twice under names that differ by case only (tags), both values count.
  void set(std::string_view name, std::string_view value);
  // The same for a key that is known beforehand, which is cheaper. `key` must outlive the context.
  void set(const ContextKey& key, std::string_view value);
  // One more value of a multivalued key, aws:TagKeys: such a key can't stand in a policy variable.
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
  void add_value(std::string_view name, std::string_view value);
  // The one value of a key, whatever was given for it before: the keys of one resource after those of another.
  void replace(std::string_view name, std::string_view value);
  void replace(const ContextKey& key, std::string_view value);
  // All keys that start so are gone: "s3:ExistingObjectTag/".
  void remove_prefix(std::string_view prefix);
  // Takes all that the source has: before anything is replaced or removed that may be of it.
  void complete() const;

 private:
  static constexpr uint32_t kNone = 0xFFFFFFFF;
  struct Value {
    std::string_view text;
    uint32_t next = kNone;  // in more_values_
  };
  struct Entry {
    std::string_view name;  // in lower case
    Value value;            // the first
    uint32_t hash = 0;
    uint32_t next_alike = kNone;  // the entry before it whose hash ends as its own
    uint32_t last = kNone;        // of its values in more_values_
    bool multivalued = false;
  };

 public:
  // The values of one key, in the order they came; empty where the request has no such key. Good while the context
  // takes in more.
  class Values {
   public:
    class Iterator {
     public:
      Iterator() = default;
      Iterator(const Context* context, Value at) : context_(context), at_(at) {}
      std::string_view operator*() const { return at_.text; }
      Iterator& operator++() {
        *this = at_.next == kNone ? Iterator() : Iterator(context_, context_->more_values_[at_.next]);
        return *this;
      }
      bool operator==(std::default_sentinel_t) const { return context_ == nullptr; }

     private:
      const Context* context_ = nullptr;  // null: past the last
      Value at_;
    };
    Values(const Context* context, uint32_t entry) : context_(context), entry_(entry) {}
    Iterator begin() const { return empty() ? Iterator() : Iterator(context_, context_->entries_[entry_].value); }
    std::default_sentinel_t end() const { return {}; }
    bool empty() const { return entry_ == kNone; }

   private:
    const Context* context_;
    uint32_t entry_;
  };

  // Calls visit(name, Values) for each key, in the order they came; names in lower case.
  template <typename Visit>
  void for_each(Visit visit) const {
    complete();
    for (uint32_t at = 0; at < entries_.size(); ++at) visit(entries_[at].name, Values(this, at));
  }

  Values find(const ContextKey& key) const { return {this, find_entry(key)}; }
  bool contains(const ContextKey& key) const { return find_entry(key) != kNone; }
  // What a policy variable stands for: false where the key is missing, multivalued, or given twice.
  bool find_single(const ContextKey& key, std::string_view& value) const;

 private:
  static constexpr size_t kUsualKeys = 32;
  static constexpr size_t kUsualText = 1024;
  static constexpr size_t kEndings = 32;

  // In entries_, or kNone.
  uint32_t position_of(const ContextKey& key) const {
    uint32_t at = by_hash_[key.hash % kEndings];
    while (at != kNone && (entries_[at].hash != key.hash || entries_[at].name != key.name))
      at = entries_[at].next_alike;
    return at;
  }
  // The same, with what the source has of it.
  uint32_t find_entry(const ContextKey& key) const {
    uint32_t at = position_of(key);
    while (at == kNone && source_ != nullptr && source_->add_more()) at = position_of(key);
    return at;
  }
  // The entry of that name, a new one without a value where there is none.
  Entry& entry(std::string_view name);
  Entry& entry(const ContextKey& key);
  Entry& add_entry(std::string_view lower_name, uint32_t hash);
  void append(Entry& entry, std::string_view value);
  void set_only(Entry& entry, std::string_view value);
  char* keep(std::string_view text);  // a copy, as long

  KeySource* source_;
  std::array<std::byte, kUsualKeys * sizeof(Entry) + kUsualText> space_;
  std::pmr::monotonic_buffer_resource memory_;
  std::pmr::vector<Entry> entries_;
  std::pmr::vector<Value> more_values_;
  std::array<uint32_t, kEndings> by_hash_;  // the newest entry whose hash ends so
};

}  // namespace aerolith::policy
