// Composite keys: parts of fixed types, encoded so that the order of the bytes is the order of the tuple.
//
//   key     = table-name part*            (the table's name is a string part)
//   string  = (any byte but 00 | 00 FF)* 00 01      so "a" < "a\0" < "ab", and a prefix is a prefix of the bytes
//   uintN   = N/8 bytes, big-endian
//   intN    = the same of the value with its sign bit flipped; Timestamp is int64 milliseconds since 1970
//   bool    = 00 | 01; an enum is its underlying type
//   Descending<part> = the part's bytes, each inverted: sorts the other way
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "base/strong_string.h"
#include "base/time.h"

namespace aerolith::metadata {

// A key part that sorts from high to low (newest first).
template <typename Part>
struct Descending {
  Part value{};
  auto operator<=>(const Descending& other) const { return other.value <=> value; }
  bool operator==(const Descending&) const = default;
};

inline constexpr size_t kStringEndBytes = 2;

// The bytes of a string part without its end: what all parts that start with `text` start with.
void append_key_prefix(std::string& out, std::string_view text);
void append_key_string(std::string& out, std::string_view text);
void append_key_uint(std::string& out, uint64_t value, size_t width_bytes);

// Takes a part off the front of `in`; false when the bytes aren't one.
bool take_key_string(std::string_view& in, std::string& out);
bool take_key_uint(std::string_view& in, uint64_t& out, size_t width_bytes);

template <typename Part>
struct KeyPart;  // append(out, part) and take(in, part), for each type that may be a part

template <>
struct KeyPart<std::string> {
  static void append(std::string& out, std::string_view part) { append_key_string(out, part); }
  static bool take(std::string_view& in, std::string& part) { return take_key_string(in, part); }
};

template <typename Tag>
struct KeyPart<StrongString<Tag>> {
  static void append(std::string& out, const StrongString<Tag>& part) { append_key_string(out, part.view()); }
  static bool take(std::string_view& in, StrongString<Tag>& part) {
    std::string text;
    if (!take_key_string(in, text)) return false;
    part = StrongString<Tag>(std::move(text));
    return true;
  }
};

template <std::integral Integer>
struct KeyPart<Integer> {
  using Unsigned = std::make_unsigned_t<std::conditional_t<std::same_as<Integer, bool>, uint8_t, Integer>>;
  static constexpr uint64_t kFlip =
      std::signed_integral<Integer> ? uint64_t{1} << (sizeof(Integer) * 8 - 1) : uint64_t{0};
  static void append(std::string& out, Integer part) {
    append_key_uint(out, uint64_t{static_cast<Unsigned>(part)} ^ kFlip, sizeof(Integer));
  }
  static bool take(std::string_view& in, Integer& part) {
    uint64_t raw = 0;
    if (!take_key_uint(in, raw, sizeof(Integer))) return false;
    if constexpr (std::same_as<Integer, bool>) {
      if (raw > 1) return false;
      part = raw == 1;
    } else {
      part = static_cast<Integer>(static_cast<Unsigned>(raw ^ kFlip));
    }
    return true;
  }
};

template <typename Enum>
  requires std::is_enum_v<Enum>
struct KeyPart<Enum> {
  using Under = std::underlying_type_t<Enum>;
  static void append(std::string& out, Enum part) { KeyPart<Under>::append(out, static_cast<Under>(part)); }
  static bool take(std::string_view& in, Enum& part) {
    Under raw{};
    if (!KeyPart<Under>::take(in, raw)) return false;
    part = static_cast<Enum>(raw);
    return true;
  }
};

template <>
struct KeyPart<Timestamp> {
  static void append(std::string& out, Timestamp part) {
    KeyPart<int64_t>::append(out, part.time_since_epoch().count());
  }
  static bool take(std::string_view& in, Timestamp& part) {
    int64_t milliseconds = 0;
    if (!KeyPart<int64_t>::take(in, milliseconds)) return false;
    part = Timestamp(std::chrono::milliseconds(milliseconds));
    return true;
  }
};

template <typename Part>
struct KeyPart<Descending<Part>> {
  static void append(std::string& out, const Descending<Part>& part) {
    size_t start = out.size();
    KeyPart<Part>::append(out, part.value);
    invert(out.data() + start, out.size() - start);
  }
  static bool take(std::string_view& in, Descending<Part>& part) {
    std::string inverted(in);
    invert(inverted.data(), inverted.size());
    std::string_view rest = inverted;
    if (!KeyPart<Part>::take(rest, part.value)) return false;
    in.remove_prefix(in.size() - rest.size());
    return true;
  }

 private:
  static void invert(char* bytes, size_t size) {
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(~bytes[i]);
  }
};

// Appends the first sizeof...(Given) parts of a key whose parts are the types of `Key` (a std::tuple).
template <typename Key, typename... Given>
void append_key_parts(std::string& out, const Given&... given) {
  static_assert(sizeof...(Given) <= std::tuple_size_v<Key>, "more parts than the key has");
  [&]<size_t... I>(std::index_sequence<I...>) {
    (KeyPart<std::tuple_element_t<I, Key>>::append(out, given), ...);
  }(std::make_index_sequence<sizeof...(Given)>());
}

// False unless `in` is exactly one key.
template <typename... Parts>
bool take_key_parts(std::string_view in, std::tuple<Parts...>& key) {
  return std::apply([&](Parts&... part) { return (KeyPart<Parts>::take(in, part) && ...); }, key) && in.empty();
}

}  // namespace aerolith::metadata
