#include "policy/context.h"

#include <algorithm>

#include "base/encoding.h"

namespace aerolith::policy {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// FNV-1a, without case.
uint32_t hash_name(std::string_view name) {
  uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(lower(c))) * 16777619U;
  return hash;
}

}  // namespace

ContextKey::ContextKey(std::string_view text) : name(to_lower(text)), written(text), hash(hash_name(text)) {}

Context::Context(KeySource* source)
    : source_(source), memory_(space_.data(), space_.size()), entries_(&memory_), more_values_(&memory_) {
  entries_.reserve(kUsualKeys);
  by_hash_.fill(kNone);
}

void Context::set(std::string_view name, std::string_view value) { append(entry(name), value); }

void Context::set(const ContextKey& key, std::string_view value) { append(entry(key), value); }

void Context::add_value(std::string_view name, std::string_view value) {
  Entry& found = entry(name);
  found.multivalued = true;
  append(found, value);
}

void Context::replace(std::string_view name, std::string_view value) { set_only(entry(name), value); }

void Context::replace(const ContextKey& key, std::string_view value) { set_only(entry(key), value); }

void Context::complete() const {
  while (source_ != nullptr && source_->add_more()) {
  }
}

void Context::remove_prefix(std::string_view prefix) {
  const size_t removed = std::erase_if(
      entries_, [&](const Entry& known) { return equals_ignore_case(known.name.substr(0, prefix.size()), prefix); });
  if (removed == 0) return;
  by_hash_.fill(kNone);
  for (uint32_t at = 0; at < entries_.size(); ++at) {
    uint32_t& newest = by_hash_[entries_[at].hash % kEndings];
    entries_[at].next_alike = newest;
    newest = at;
  }
}

bool Context::find_single(const ContextKey& key, std::string_view& value) const {
  const uint32_t at = find_entry(key);
  if (at == kNone || entries_[at].multivalued || entries_[at].value.next != kNone) return false;
  value = entries_[at].value.text;
  return true;
}

char* Context::keep(std::string_view text) {
  char* const kept = static_cast<char*>(memory_.allocate(text.size(), 1));
  text.copy(kept, text.size());
  return kept;
}

Context::Entry& Context::entry(std::string_view name) {
  const uint32_t hash = hash_name(name);
  for (uint32_t at = by_hash_[hash % kEndings]; at != kNone; at = entries_[at].next_alike) {
    if (entries_[at].hash == hash && equals_ignore_case(entries_[at].name, name)) return entries_[at];
  }
  char* const kept = keep(name);
  std::transform(kept, kept + name.size(), kept, lower);
  return add_entry({kept, name.size()}, hash);
}

Context::Entry& Context::entry(const ContextKey& key) {
  const uint32_t known = position_of(key);
  return known == kNone ? add_entry(key.name, key.hash) : entries_[known];
}

Context::Entry& Context::add_entry(std::string_view lower_name, uint32_t hash) {
  uint32_t& newest = by_hash_[hash % kEndings];
  Entry& added = entries_.emplace_back();
  added.name = lower_name;
  added.hash = hash;
  added.next_alike = newest;
  newest = static_cast<uint32_t>(entries_.size() - 1);
  return added;
}

void Context::append(Entry& entry, std::string_view value) {
  const std::string_view kept(keep(value), value.size());
  if (entry.value.text.data() == nullptr) {
    entry.value.text = kept;
    return;
  }
  const auto at = static_cast<uint32_t>(more_values_.size());
  more_values_.push_back({.text = kept});
  (entry.last == kNone ? entry.value : more_values_[entry.last]).next = at;
  entry.last = at;
}

void Context::set_only(Entry& entry, std::string_view value) {
  const bool is_same = entry.value.text.data() != nullptr && entry.value.text == value;
  const std::string_view kept = is_same ? entry.value.text : std::string_view(keep(value), value.size());
  entry.value = {.text = kept};
  entry.last = kNone;
  entry.multivalued = false;
}

}  // namespace aerolith::policy
