#include "protocol/constraints.h"

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "protocol/walk.h"

namespace aerolith::protocol {
namespace {

constexpr size_t kMaxBreaches = 20;       // of one request: more say nothing new
constexpr size_t kMaxQuotedBytes = 1024;  // of a value in a message

// Compiled patterns, by the address of their text in the generated tables. Linear in time and fixed in memory.
class PatternCache {
 public:
  // Null where RE2 doesn't support the pattern.
  const re2::RE2* find(std::string_view pattern) {
    {
      std::shared_lock lock(mutex_);
      auto found = patterns_.find(pattern.data());
      if (found != patterns_.end()) return found->second.get();
    }
    std::unique_ptr<re2::RE2> compiled = compile(pattern);
    std::unique_lock lock(mutex_);
    return patterns_.try_emplace(pattern.data(), std::move(compiled)).first->second.get();
  }

  static std::unique_ptr<re2::RE2> compile(std::string_view pattern) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_never_capture(true);
    auto compiled = std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
    return compiled->ok() ? std::move(compiled) : nullptr;
  }

 private:
  std::shared_mutex mutex_;
  std::unordered_map<const char*, std::unique_ptr<re2::RE2>> patterns_;
};

PatternCache& patterns() {
  static PatternCache cache;
  return cache;
}

// "UserName" -> "userName": messages spell members the way Java fields are.
std::string message_name(std::string_view name) {
  std::string result(name);
  if (!result.empty() && result[0] >= 'A' && result[0] <= 'Z') result[0] = static_cast<char>(result[0] - 'A' + 'a');
  return result;
}

size_t code_points(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// Where the walk is: frames on its stack. The texts are only made for a breach.
struct Path {
  const Path* parent = nullptr;
  std::string_view name = {};  // a member's or a map's key
  size_t index = 0;            // of a list's element
  enum class Step : uint8_t { root, member, element, entry } step = Step::root;

  Path member(std::string_view member_name) const { return {this, member_name, 0, Step::member}; }
  Path element(size_t element_index) const { return {this, {}, element_index, Step::element}; }
  Path entry(std::string_view key) const { return {this, key, 0, Step::entry}; }

  // Delete.Objects[3].Key
  std::string ours() const {
    std::string prefix = parent != nullptr ? parent->ours() : "";
    if (step == Step::root) return prefix;
    if (step == Step::element) return fmt::format("{}[{}]", prefix, index);
    return prefix.empty() ? std::string(name) : fmt::format("{}.{}", prefix, name);
  }
  // delete.objects.4.member.key
  std::string message() const {
    std::string prefix = parent != nullptr ? parent->message() : "";
    if (step == Step::root) return prefix;
    if (step == Step::element) return fmt::format("{}.{}.member", prefix, index + 1);
    if (step == Step::entry) return fmt::format("{}.{}.member", prefix, name);
    return prefix.empty() ? message_name(name) : fmt::format("{}.{}", prefix, message_name(name));
  }
};

class Checker {
 public:
  void structure(const Shape& shape, const void* from, const Path& path) {
    size_t present_members = 0;
    for (const Member& member : shape.members) {
      if (path.step == Path::Step::root) outermost_ = &member;
      const void* present = value_of(member, from);
      if (present != nullptr) {
        ++present_members;
        value(*member.shape, present, path.member(member.name));
      } else if (member.required) {
        breach(DecodeErrorCode::missing, path.member(member.name), "null", "Member must not be null");
      }
    }
    if (shape.is_union && present_members != 1) {
      breach(DecodeErrorCode::invalid, path, "", "Member must have exactly one of its members set");
    }
  }

  std::optional<DecodeError> finish() {
    if (count_ == 0) return std::nullopt;
    if (count_ > 1) error_.pattern = {};
    error_.detail = fmt::format("{} validation error{} detected: {}", count_, count_ == 1 ? "" : "s", sentences_);
    return std::move(error_);
  }

 private:
  void value(const Shape& shape, const void* from, const Path& path) {
    const Constraints* limits = shape.constraints;
    switch (shape.kind) {
      case Kind::string:
        if (limits != nullptr) string(*limits, as<std::string>(from), path);
        return;
      case Kind::blob:
        if (limits != nullptr) length(*limits, as<std::string>(from).size(), "(blob)", path);
        return;
      case Kind::integer:
        if (limits != nullptr) range(*limits, as<int32_t>(from), std::to_string(as<int32_t>(from)), path);
        return;
      case Kind::long_integer:
        if (limits != nullptr) {
          range(*limits, static_cast<double>(as<int64_t>(from)), std::to_string(as<int64_t>(from)), path);
        }
        return;
      case Kind::float_number:
        if (limits != nullptr) range(*limits, as<float>(from), fmt::format("{}", as<float>(from)), path);
        return;
      case Kind::double_number:
        if (limits != nullptr) range(*limits, as<double>(from), fmt::format("{}", as<double>(from)), path);
        return;
      case Kind::list:
        return list(shape, from, path);
      case Kind::map:
        return map(shape, from, path);
      case Kind::structure:
        return structure(shape, from, path);
      case Kind::boolean:
      case Kind::timestamp:
      case Kind::document:
        return;
    }
  }

  void list(const Shape& shape, const void* from, const Path& path) {
    const size_t size = shape.list_ops->size(from);
    if (shape.constraints != nullptr) length(*shape.constraints, size, "(list)", path);
    for (size_t i = 0; i < size && count_ < kMaxBreaches; ++i) {
      const void* item = shape.list_ops->at(from, i);
      if (item != nullptr) value(*shape.element->shape, item, path.element(i));
    }
  }

  void map(const Shape& shape, const void* from, const Path& path) {
    const size_t size = shape.map_ops->size(from);
    if (shape.constraints != nullptr) length(*shape.constraints, size, "(map)", path);
    struct Context {
      Checker& checker;
      const Shape& shape;
      const Path& path;
    } context{*this, shape, path};
    shape.map_ops->for_each(from, &context, [](void* raw, const std::string& key, const void* item) {
      auto& c = as<Context>(raw);
      if (c.checker.count_ >= kMaxBreaches) return;
      Path at = c.path.entry(key);
      if (const Constraints* limits = c.shape.key->shape->constraints) c.checker.string(*limits, key, at);
      if (item != nullptr) c.checker.value(*c.shape.element->shape, item, at);
    });
  }

  void string(const Constraints& limits, const std::string& text, const Path& path) {
    if (std::isfinite(limits.min) || std::isfinite(limits.max)) length(limits, code_points(text), text, path);
    if (!limits.enum_values.empty() &&
        std::find(limits.enum_values.begin(), limits.enum_values.end(), text) == limits.enum_values.end()) {
      std::string values;
      for (std::string_view value : limits.enum_values) values += (values.empty() ? "" : ", ") + std::string(value);
      breach(DecodeErrorCode::invalid, path, text, fmt::format("Member must satisfy enum value set: [{}]", values));
    }
    if (limits.pattern.empty()) return;
    const re2::RE2* pattern = patterns().find(limits.pattern);
    if (pattern != nullptr && !re2::RE2::FullMatch(text, *pattern)) {
      breach(DecodeErrorCode::invalid, path, text,
             fmt::format("Member must satisfy regular expression pattern: {}", limits.pattern));
      error_.pattern = limits.pattern;
    }
  }

  void length(const Constraints& limits, size_t size, std::string_view shown, const Path& path) {
    const auto number = static_cast<double>(size);
    if (number > limits.max) {
      breach(DecodeErrorCode::invalid, path, shown,
             fmt::format("Member must have length less than or equal to {:.0f}", limits.max));
    } else if (number < limits.min) {
      breach(DecodeErrorCode::invalid, path, shown,
             fmt::format("Member must have length greater than or equal to {:.0f}", limits.min));
    }
  }

  void range(const Constraints& limits, double number, std::string_view shown, const Path& path) {
    if (number > limits.max) {
      breach(DecodeErrorCode::invalid, path, shown,
             fmt::format("Member must have value less than or equal to {}", limits.max));
    } else if (number < limits.min) {
      breach(DecodeErrorCode::invalid, path, shown,
             fmt::format("Member must have value greater than or equal to {}", limits.min));
    }
  }

  void breach(DecodeErrorCode code, const Path& path, std::string_view shown, std::string_view constraint) {
    if (count_ == 0) {
      error_ = {code, path.ours(), {}};
      if (outermost_ != nullptr) {
        error_.location = outermost_->location;
        error_.wire_name = outermost_->wire_name;
      }
    }
    if (++count_ > kMaxBreaches) return;
    if (!sentences_.empty()) sentences_ += "; ";
    std::string quoted =
        code == DecodeErrorCode::missing ? std::string(shown) : fmt::format("'{}'", shown.substr(0, kMaxQuotedBytes));
    sentences_ += fmt::format("Value {} at '{}' failed to satisfy constraint: {}", quoted, path.message(), constraint);
  }

  DecodeError error_{DecodeErrorCode::invalid, {}, {}, Location::body};
  const Member* outermost_ = nullptr;  // that the walk is in
  size_t count_ = 0;
  std::string sentences_;
};

}  // namespace

std::optional<DecodeError> check_constraints(const Shape& shape, const void* value) {
  Checker checker;
  checker.structure(shape, value, Path{});
  return checker.finish();
}

bool pattern_is_supported(std::string_view pattern) { return PatternCache::compile(pattern) != nullptr; }

}  // namespace aerolith::protocol
