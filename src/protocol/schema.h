// Schema tables: what a service's model says about its shapes, in the form that the codecs walk.
//
// tools/codegen writes, for the shapes that implemented operations reach, plain structs and one constant
// table per shape. A codec goes through a struct by these tables: there is no serializer per type.
//
// C++ types by kind: boolean bool, integer int32_t, long_integer int64_t, float_number float, double_number
// double, string std::string, blob std::string (raw bytes), timestamp Timestamp, document Document,
// list std::vector<E>, map std::map<std::string, V>, structure the generated struct. The element of a list of
// booleans is Boolean, since std::vector<bool> has no elements to point to.
// Every member of a struct is a std::optional<T>, or a Box<T> where T would contain itself; a union is a
// structure of which exactly one member is set. A sparse list or map holds std::optional<E>.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace aerolith::protocol {

// A value without a schema, kept as JSON text.
struct Document {
  std::string json;
  bool operator==(const Document&) const = default;
};

// A bool that is an object of its own in a vector.
struct Boolean {
  bool value = false;
  Boolean() = default;
  Boolean(bool v) : value(v) {}  // NOLINT: stands for a bool wherever one is meant
  operator bool() const { return value; }
};

// An optional that lives on the heap: for members whose type contains itself. Copies deeply.
template <typename T>
class Box {
 public:
  Box() = default;
  Box(const Box& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Box(Box&&) noexcept = default;
  Box& operator=(Box other) noexcept {
    value_ = std::move(other.value_);
    return *this;
  }
  bool has_value() const { return value_ != nullptr; }
  T& emplace() {
    value_ = std::make_unique<T>();
    return *value_;
  }
  const T& operator*() const { return *value_; }
  T& operator*() { return *value_; }
  const T* operator->() const { return value_.get(); }
  T* operator->() { return value_.get(); }

 private:
  std::unique_ptr<T> value_;
};

enum class Kind : uint8_t {
  boolean,
  integer,
  long_integer,
  float_number,
  double_number,
  string,
  blob,
  timestamp,
  document,
  list,
  map,
  structure,
};
enum class TimestampFormat : uint8_t { by_protocol, iso8601, rfc822, epoch_seconds };
// Where a member of an operation's input or output stands in the HTTP message.
enum class Location : uint8_t { body, header, prefix_headers, query_string, uri, status_code };

struct Shape;

// How to reach a value through its container without knowing its type. `field` points to the
// std::optional<T>/Box<T> of a member, `container` to the std::vector or std::map itself.
struct FieldOps {
  void* (*emplace)(void* field);          // default-constructs the value in place
  const void* (*get)(const void* field);  // null when absent
};
struct ListOps {
  void* (*append)(void* container);      // a new element at the end
  void (*append_null)(void* container);  // sparse lists only, else null
  size_t (*size)(const void* container);
  const void* (*at)(const void* container, size_t index);  // null for a sparse null
};
struct MapOps {
  void* (*insert)(void* container, std::string key);      // the value of that key, made new
  void (*insert_null)(void* container, std::string key);  // sparse maps only, else null
  size_t (*size)(const void* container);
  // Calls visit for each entry in key order; value is null for a sparse null.
  void (*for_each)(const void* container, void* context,
                   void (*visit)(void* context, const std::string& key, const void* value));
};

struct XmlNamespace {
  std::string_view prefix = {};
  std::string_view uri = {};
};

// Member-level traits already merged over those of the target shape, as botocore does.
struct Member {
  std::string_view name = {};        // as in the model: what messages and JSON-like protocols call it by default
  std::string_view wire_name = {};   // locationName, else name; a header's or query parameter's name; a prefix
  std::string_view query_name = {};  // ec2 only: queryName, else the capitalised wire name
  const Shape* shape = nullptr;
  const FieldOps* ops = nullptr;
  uint32_t offset_bytes = 0;
  Location location = Location::body;
  TimestampFormat timestamp_format = TimestampFormat::by_protocol;
  XmlNamespace xml_namespace = {};
  bool required : 1 = false;
  bool payload : 1 = false;    // this member alone is the HTTP body
  bool flattened : 1 = false;  // list or map without a wrapper element
  bool xml_attribute : 1 = false;
  bool json_value : 1 = false;  // JSON text in a string (base64 in a header)
};

// Limits as the model states them. Lengths count code points of strings, bytes of blobs, elements of lists and maps.
struct Constraints {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  std::string_view pattern = {};  // ECMAScript, unanchored; empty: none
  std::span<const std::string_view> enum_values = {};
};

struct Shape {
  std::string_view name = {};
  Kind kind = Kind::structure;
  TimestampFormat timestamp_format = TimestampFormat::by_protocol;
  bool is_union = false;
  bool flattened = false;
  const Constraints* constraints = nullptr;
  // structure
  std::span<const Member> members = {};
  std::string_view wire_name = {};  // the shape's own locationName (XML root of a payload)
  XmlNamespace xml_namespace = {};
  // list: its element. map: its value, and the key beside it.
  const Member* element = nullptr;  // offset and ops unused; wire_name empty: "member"/"value" by default
  const Member* key = nullptr;
  const ListOps* list_ops = nullptr;
  const MapOps* map_ops = nullptr;
  // A new default-constructed struct, for callers that know it by its table only (tests, fuzz targets, errors).
  // Null but for the shapes of operations' inputs and outputs and of errors.
  std::shared_ptr<void> (*make)() = nullptr;
};

// Ready-made accessors for the generated tables.
template <typename T>
struct FieldAccess;
template <typename T>
struct FieldAccess<std::optional<T>> {
  static void* emplace(void* field) { return &static_cast<std::optional<T>*>(field)->emplace(); }
  static const void* get(const void* field) {
    const auto& value = *static_cast<const std::optional<T>*>(field);
    return value ? &*value : nullptr;
  }
  static constexpr FieldOps ops{&emplace, &get};
};
template <typename T>
struct FieldAccess<Box<T>> {
  static void* emplace(void* field) { return &static_cast<Box<T>*>(field)->emplace(); }
  static const void* get(const void* field) {
    const auto& value = *static_cast<const Box<T>*>(field);
    return value.has_value() ? &*value : nullptr;
  }
  static constexpr FieldOps ops{&emplace, &get};
};

template <typename Element>
struct ListAccess {
  using List = std::vector<Element>;
  static void* append(void* container) { return &static_cast<List*>(container)->emplace_back(); }
  static size_t size(const void* container) { return static_cast<const List*>(container)->size(); }
  static const void* at(const void* container, size_t index) { return &(*static_cast<const List*>(container))[index]; }
  static constexpr ListOps ops{&append, nullptr, &size, &at};
};
template <typename T>
struct ListAccess<std::optional<T>> {
  using List = std::vector<std::optional<T>>;
  static void* append(void* container) { return &static_cast<List*>(container)->emplace_back(std::in_place).value(); }
  static void append_null(void* container) { static_cast<List*>(container)->emplace_back(); }
  static size_t size(const void* container) { return static_cast<const List*>(container)->size(); }
  static const void* at(const void* container, size_t index) {
    const auto& element = (*static_cast<const List*>(container))[index];
    return element ? &*element : nullptr;
  }
  static constexpr ListOps ops{&append, &append_null, &size, &at};
};

template <typename Value>
struct MapAccess {
  using Map = std::map<std::string, Value>;
  using Visit = void (*)(void* context, const std::string& key, const void* value);
  static void* insert(void* container, std::string key) {
    Value& value = (*static_cast<Map*>(container))[std::move(key)];
    value = Value();
    return &value;
  }
  static size_t size(const void* container) { return static_cast<const Map*>(container)->size(); }
  static void for_each(const void* container, void* context, Visit visit) {
    for (const auto& [key, value] : *static_cast<const Map*>(container)) visit(context, key, &value);
  }
  static constexpr MapOps ops{&insert, nullptr, &size, &for_each};
};
template <typename T>
struct MapAccess<std::optional<T>> {
  using Map = std::map<std::string, std::optional<T>>;
  using Visit = void (*)(void* context, const std::string& key, const void* value);
  static void* insert(void* container, std::string key) {
    return &(*static_cast<Map*>(container))[std::move(key)].emplace();
  }
  static void insert_null(void* container, std::string key) { (*static_cast<Map*>(container))[std::move(key)].reset(); }
  static size_t size(const void* container) { return static_cast<const Map*>(container)->size(); }
  static void for_each(const void* container, void* context, Visit visit) {
    for (const auto& [key, value] : *static_cast<const Map*>(container)) visit(context, key, value ? &*value : nullptr);
  }
  static constexpr MapOps ops{&insert, &insert_null, &size, &for_each};
};

template <typename T>
std::shared_ptr<void> make_struct() {
  return std::make_shared<T>();
}

}  // namespace aerolith::protocol
