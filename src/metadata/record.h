// Records: a struct with a schema version and a list of fields, to bytes and back.
//
//   struct BucketRecord {
//     static constexpr uint32_t kVersion = 2;
//     std::string name;
//     Timestamp created;
//     std::optional<std::string> tag;  // since version 2
//     // Optional: called after an older record was read; missing fields have their defaults.
//     static void upgrade(BucketRecord& record, uint32_t from_version);
//   };
//   template <class Archive>
//   void fields(Archive& archive, BucketRecord& r) { archive(r.name, r.created, r.tag); }
//
// `fields` stands in the record's namespace and names every field, always in the same order; new fields go to the end
// and raise kVersion. A field may be: std::string, StrongString, bool, any integer, an enum, double, Timestamp,
// std::optional, std::vector, std::map, or another struct with `fields` (that needs no kVersion of its own: it
// grows at its end as well).
//
//   record   = varint(kVersion) field*
//   field    = varint(size in bytes) payload
//   payload: string: its bytes; unsigned, bool, enum: varint; signed, Timestamp (ms since 1970): zigzag varint;
//            double: 8 bytes little-endian; optional: nothing | 01 payload; vector: field*; map: (field field)*;
//            struct: field*
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/strong_string.h"
#include "base/time.h"
#include "metadata/store.h"

namespace aerolith::metadata {

void append_varint(std::string& out, uint64_t value);
// False when `in` doesn't start with a whole varint of at most 64 bits in its shortest form.
bool take_varint(std::string_view& in, uint64_t& value);

class Encoder {
 public:
  template <typename... Fields>
  void operator()(Fields&... field) {
    (add_field(field), ...);
  }
  std::string& bytes() { return bytes_; }

 private:
  template <typename Field>
  void add_field(const Field& field) {
    size_t start = bytes_.size();
    add_payload(field);
    close_field(start);
  }
  // Large values are strings: no moving of what was appended for them.
  void add_field(const std::string& field) {
    append_varint(bytes_, field.size());
    bytes_ += field;
  }
  // Puts the size of what was appended since `start` in front of it.
  void close_field(size_t start);

  void add_payload(const std::string& v) { bytes_ += v; }
  template <typename Tag>
  void add_payload(const StrongString<Tag>& v) {
    bytes_ += v.str();
  }
  void add_payload(Timestamp v) { add_payload(int64_t{v.time_since_epoch().count()}); }
  void add_payload(double v);
  template <typename Value>
    requires std::integral<Value> || std::is_enum_v<Value>
  void add_payload(Value v) {
    if constexpr (std::is_enum_v<Value>) {
      add_payload(static_cast<std::underlying_type_t<Value>>(v));
    } else if constexpr (std::signed_integral<Value>) {
      auto wide = static_cast<int64_t>(v);
      append_varint(bytes_, (static_cast<uint64_t>(wide) << 1) ^ static_cast<uint64_t>(wide >> 63));
    } else {
      append_varint(bytes_, v);
    }
  }
  template <typename Value>
  void add_payload(const std::optional<Value>& v) {
    if (!v) return;
    bytes_ += '\1';
    add_payload(*v);
  }
  template <typename Value>
  void add_payload(const std::vector<Value>& v) {
    for (const Value& element : v) add_field(element);
  }
  template <typename Key, typename Value>
  void add_payload(const std::map<Key, Value>& v) {
    for (const auto& [key, value] : v) {
      add_field(key);
      add_field(value);
    }
  }
  template <typename Struct>
    requires requires(Encoder& encoder, Struct& s) { fields(encoder, s); }
  void add_payload(const Struct& v) {
    fields(*this, const_cast<Struct&>(v));  // an Encoder only reads
  }

  std::string bytes_;
};

// Reads what an Encoder wrote. Bytes that are no such thing set ok() to false; they never harm.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes, int depth = 0) : in_(bytes), ok_(depth < kMaxDepth), depth_(depth) {}

  // Fields that the bytes don't have (written before they existed) keep their values.
  template <typename... Fields>
  void operator()(Fields&... field) {
    (read_field(field), ...);
  }
  // All bytes were used and made sense.
  bool ok() const { return ok_ && in_.empty(); }

 private:
  static constexpr int kMaxDepth = 32;

  // The payload of the next field; false at the end of the bytes or when they are damaged.
  bool next_field(std::string_view& payload);
  static bool read_varint(std::string_view in, uint64_t& v) { return take_varint(in, v) && in.empty(); }

  template <typename Field>
  void read_field(Field& field) {
    std::string_view payload;
    if (next_field(payload) && !read(payload, field)) ok_ = false;
  }

  bool read(std::string_view in, std::string& v) {
    v = in;
    return true;
  }
  template <typename Tag>
  bool read(std::string_view in, StrongString<Tag>& v) {
    v = StrongString<Tag>(std::string(in));
    return true;
  }
  bool read(std::string_view in, Timestamp& v) {
    int64_t milliseconds = 0;
    if (!read(in, milliseconds)) return false;
    v = Timestamp(std::chrono::milliseconds(milliseconds));
    return true;
  }
  bool read(std::string_view in, double& v);
  template <typename Value>
    requires std::integral<Value> || std::is_enum_v<Value>
  bool read(std::string_view in, Value& v) {
    if constexpr (std::is_enum_v<Value>) {
      std::underlying_type_t<Value> raw{};
      if (!read(in, raw)) return false;
      v = static_cast<Value>(raw);
      return true;
    } else {
      uint64_t raw = 0;
      if (!read_varint(in, raw)) return false;
      if constexpr (std::same_as<Value, bool>) {
        v = raw == 1;
        return raw <= 1;
      } else if constexpr (std::signed_integral<Value>) {
        auto wide = static_cast<int64_t>((raw >> 1) ^ (~(raw & 1) + 1));
        v = static_cast<Value>(wide);
        return v == wide;
      } else {
        v = static_cast<Value>(raw);
        return v == raw;
      }
    }
  }
  template <typename Value>
  bool read(std::string_view in, std::optional<Value>& v) {
    v.reset();
    if (in.empty()) return true;
    if (in.front() != '\1') return false;
    return read(in.substr(1), v.emplace());
  }
  template <typename Value>
  bool read(std::string_view in, std::vector<Value>& v) {
    v.clear();
    Decoder inner(in, depth_ + 1);
    while (inner.ok_ && !inner.in_.empty()) {
      Value element{};
      inner.read_field(element);
      v.push_back(std::move(element));
    }
    return inner.ok();
  }
  template <typename Key, typename Value>
  bool read(std::string_view in, std::map<Key, Value>& v) {
    v.clear();
    Decoder inner(in, depth_ + 1);
    while (inner.ok_ && !inner.in_.empty()) {
      Key key{};
      inner.read_field(key);
      if (inner.in_.empty()) return false;
      inner.read_field(v[std::move(key)]);
    }
    return inner.ok();
  }
  template <typename Struct>
    requires requires(Decoder& decoder, Struct& s) { fields(decoder, s); }
  bool read(std::string_view in, Struct& v) {
    v = Struct{};
    Decoder inner(in, depth_ + 1);
    fields(inner, v);
    return inner.ok();
  }

  std::string_view in_;
  bool ok_;
  int depth_;
};

template <typename Record>
concept VersionedRecord = requires(Encoder& encoder, Decoder& decoder, Record& record) {
  { Record::kVersion } -> std::convertible_to<uint32_t>;
  fields(encoder, record);
  fields(decoder, record);
};

template <VersionedRecord Record>
std::string encode_record(const Record& record) {
  Encoder encoder;
  append_varint(encoder.bytes(), Record::kVersion);
  fields(encoder, const_cast<Record&>(record));  // an Encoder only reads
  return std::move(encoder.bytes());
}

// `newer_format` for a version above Record::kVersion, `corrupt` for bytes that are no such record.
template <VersionedRecord Record>
Result<Record> decode_record(std::string_view bytes) {
  uint64_t version = 0;
  if (!take_varint(bytes, version) || version == 0) return fail(ErrorCode::corrupt, "a record without a version");
  if (version > Record::kVersion) {
    return fail(ErrorCode::newer_format, "a record of version " + std::to_string(version) + ", newer than " +
                                             std::to_string(uint32_t{Record::kVersion}));
  }
  Record record{};
  Decoder decoder(bytes);
  fields(decoder, record);
  if (!decoder.ok()) return fail(ErrorCode::corrupt, "a record that doesn't decode");
  if constexpr (requires { Record::upgrade(record, uint32_t{}); }) {
    if (version < Record::kVersion) Record::upgrade(record, static_cast<uint32_t>(version));
  }
  return record;
}

}  // namespace aerolith::metadata
