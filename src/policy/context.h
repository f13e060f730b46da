// What a request carries for conditions and policy variables: context keys and their values.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html#AccessPolicyLanguage_RequestContext
//
// A flat table that is filled once a request and may be used again after `clear`, which keeps its memory. Names compare
// without case. Not for several threads at once while it is filled; reading is free for all.
#pragma once

#include <cstdint>
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

class Context {
 public:
  // With room for what a request has as a rule.
  Context();

  // A key of one value: aws:SourceIp. Given twice under names that differ by case only (tags), both values count.
  void set(std::string_view name, std::string_view value);
  // The same for a key that is known beforehand and that the context has no value of yet: cheaper. `key` must outlive
  // it.
  void set_first(const ContextKey& key, std::string_view value);
  // One more value of a multivalued key, aws:TagKeys: such a key can't stand in a policy variable.
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
  void add_value(std::string_view name, std::string_view value);
  // The one value of a key, whatever was given for it before: the keys of one resource after those of another.
  void replace(std::string_view name, std::string_view value);
  // All keys that start so are gone: "s3:ExistingObjectTag/".
  void remove_prefix(std::string_view prefix);
  void clear();

  // The values of one key, in the order they came; empty where the request has no such key.
  class Values {
   public:
    class Iterator {
     public:
      Iterator(const Context* context, uint32_t at) : context_(context), at_(at) {}
      std::string_view operator*() const;
      Iterator& operator++();
      bool operator==(const Iterator& other) const { return at_ == other.at_; }

     private:
      const Context* context_;
      uint32_t at_;
    };
    Values(const Context* context, uint32_t first) : context_(context), first_(first) {}
    Iterator begin() const { return {context_, first_}; }
    Iterator end() const { return {context_, kNone}; }
    bool empty() const { return first_ == kNone; }

   private:
    const Context* context_;
    uint32_t first_;
  };

  // Calls visit(name, Values) for each key, in the order they came; names in lower case.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Entry& entry : entries_) visit(name_of(entry), Values(this, entry.first));
  }

  Values find(const ContextKey& key) const;
  bool contains(const ContextKey& key) const { return !find(key).empty(); }
  // What a policy variable stands for: false where the key is missing, multivalued, or given twice.
  bool find_single(const ContextKey& key, std::string_view& value) const;

 private:
  static constexpr uint32_t kNone = 0xFFFFFFFF;
  struct Text {
    uint32_t offset = 0;
    uint32_t length = 0;
  };
  struct Entry {
    uint32_t hash = 0;
    Text name;  // where `key` is null
    const ContextKey* key = nullptr;
    uint32_t first = kNone;
    uint32_t last = kNone;
    bool multivalued = false;
  };
  struct Value {
    Text text;
    uint32_t next = kNone;
  };

  std::string_view view(Text text) const { return std::string_view(text_).substr(text.offset, text.length); }
  std::string_view name_of(const Entry& entry) const { return entry.key ? entry.key->name : view(entry.name); }
  Text keep(std::string_view text);
  Entry& entry(std::string_view name);
  const Entry* find_entry(std::string_view lower_name, uint32_t hash) const;
  void append(Entry& entry, std::string_view value);

  std::string text_;
  std::vector<Entry> entries_;
  std::vector<Value> values_;
};

}  // namespace aerolith::policy
