#include "policy/context.h"

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

constexpr size_t kUsualKeys = 32;
constexpr size_t kUsualText = 1500;

}  // namespace

ContextKey::ContextKey(std::string_view text) : name(to_lower(text)), written(text), hash(hash_name(text)) {}

std::string_view Context::Values::Iterator::operator*() const { return context_->view(context_->values_[at_].text); }

Context::Context() {
  text_.reserve(kUsualText);
  entries_.reserve(kUsualKeys);
  values_.reserve(kUsualKeys);
}

Context::Values::Iterator& Context::Values::Iterator::operator++() {
  at_ = context_->values_[at_].next;
  return *this;
}

void Context::set(std::string_view name, std::string_view value) { append(entry(name), value); }

void Context::set_first(const ContextKey& key, std::string_view value) {
  Entry added;
  added.hash = key.hash;
  added.key = &key;
  append(entries_.emplace_back(added), value);
}

void Context::add_value(std::string_view name, std::string_view value) {
  Entry& found = entry(name);
  found.multivalued = true;
  append(found, value);
}

void Context::replace(std::string_view name, std::string_view value) {
  Entry& found = entry(name);
  found.first = found.last = kNone;
  found.multivalued = false;
  append(found, value);
}

void Context::remove_prefix(std::string_view prefix) {
  std::erase_if(entries_, [&](const Entry& known) {
    const std::string_view name = name_of(known);
    return name.size() >= prefix.size() && equals_ignore_case(name.substr(0, prefix.size()), prefix);
  });
}

void Context::clear() {
  text_.clear();
  entries_.clear();
  values_.clear();
}

Context::Values Context::find(const ContextKey& key) const {
  const Entry* found = find_entry(key.name, key.hash);
  return {this, found == nullptr ? kNone : found->first};
}

bool Context::find_single(const ContextKey& key, std::string_view& value) const {
  const Entry* found = find_entry(key.name, key.hash);
  if (found == nullptr || found->multivalued || found->first != found->last) return false;
  value = view(values_[found->first].text);
  return true;
}

Context::Text Context::keep(std::string_view text) {
  const Text kept{static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(text.size())};
  text_ += text;
  return kept;
}

Context::Entry& Context::entry(std::string_view name) {
  const uint32_t hash = hash_name(name);
  for (Entry& known : entries_) {
    if (known.hash == hash && equals_ignore_case(name_of(known), name)) return known;
  }
  Entry added;
  added.hash = hash;
  added.name = keep(name);
  for (uint32_t i = 0; i < added.name.length; ++i) {
    text_[added.name.offset + i] = lower(text_[added.name.offset + i]);
  }
  return entries_.emplace_back(added);
}

const Context::Entry* Context::find_entry(std::string_view lower_name, uint32_t hash) const {
  for (const Entry& known : entries_) {
    if (known.hash == hash && name_of(known) == lower_name) return &known;
  }
  return nullptr;
}

void Context::append(Entry& entry, std::string_view value) {
  const auto at = static_cast<uint32_t>(values_.size());
  values_.push_back({keep(value), kNone});
  if (entry.first == kNone) {
    entry.first = at;
  } else {
    values_[entry.last].next = at;
  }
  entry.last = at;
}

}  // namespace aerolith::policy
