#include "metadata/record.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace aerolith::metadata {
namespace {

using Name = StrongString<struct NameTag>;
enum class Kind : uint8_t { one = 1, two = 2 };

struct Inner {
  std::string text;
  uint16_t number = 0;
  bool operator==(const Inner&) const = default;
};
template <class Archive>
void fields(Archive& archive, Inner& r) {
  archive(r.text, r.number);
}

struct Everything {
  static constexpr uint32_t kVersion = 3;
  std::string text;
  Name name;
  bool flag = false;
  uint64_t large = 0;
  int64_t negative = 0;
  int8_t tiny = 0;
  Kind kind = Kind::one;
  double ratio = 0;
  Timestamp time;
  std::optional<std::string> maybe;
  std::optional<Inner> maybe_inner;
  std::vector<Inner> list;
  std::vector<std::string> names;
  std::map<std::string, std::string> tags;
  bool operator==(const Everything&) const = default;
};
template <class Archive>
void fields(Archive& archive, Everything& r) {
  archive(r.text, r.name, r.flag, r.large, r.negative, r.tiny, r.kind, r.ratio, r.time, r.maybe, r.maybe_inner, r.list,
          r.names, r.tags);
}

Everything sample() {
  return {.text = std::string("a\0b", 3),
          .name = Name("name"),
          .flag = true,
          .large = std::numeric_limits<uint64_t>::max(),
          .negative = std::numeric_limits<int64_t>::min(),
          .tiny = -1,
          .kind = Kind::two,
          .ratio = -0.5,
          .time = Timestamp(std::chrono::milliseconds(-5)),
          .maybe = "",
          .maybe_inner = Inner{"x", 65535},
          .list = {{"", 1}, {std::string(300, 'y'), 0}},
          .names = {"", "b"},
          .tags = {{"", "v"}, {"k", ""}}};
}

TEST(RecordTest, RoundTrip) {
  auto back = decode_record<Everything>(encode_record(sample()));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, sample());
  auto empty = decode_record<Everything>(encode_record(Everything{}));
  ASSERT_TRUE(empty.has_value());
  EXPECT_EQ(*empty, Everything{});
}

struct Old {
  static constexpr uint32_t kVersion = 1;
  std::string name;
  Inner inner;
};
template <class Archive>
void fields(Archive& archive, Old& r) {
  archive(r.name, r.inner);
}

struct WiderInner {
  std::string text;
  uint16_t number = 0;
  std::string added = "default";
};
template <class Archive>
void fields(Archive& archive, WiderInner& r) {
  archive(r.text, r.number, r.added);
}

struct New {
  static constexpr uint32_t kVersion = 2;
  std::string name;
  WiderInner inner;
  uint32_t count = 7;
  static void upgrade(New& record, uint32_t from_version) {
    if (from_version < 2) record.name += " (upgraded)";
  }
};
template <class Archive>
void fields(Archive& archive, New& r) {
  archive(r.name, r.inner, r.count);
}

TEST(RecordTest, OlderVersionsAreUpgradedAndNewerRefused) {
  auto upgraded = decode_record<New>(encode_record(Old{"n", {"t", 5}}));
  ASSERT_TRUE(upgraded.has_value());
  EXPECT_EQ(upgraded->name, "n (upgraded)");
  EXPECT_EQ(upgraded->inner.number, 5);
  EXPECT_EQ(upgraded->inner.added, "default");
  EXPECT_EQ(upgraded->count, 7U);
  auto refused = decode_record<Old>(encode_record(New{}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::newer_format);
}

TEST(RecordTest, DamageIsAnErrorOrAnotherRecordNeverACrash) {
  std::mt19937_64 random(1);
  std::string good = encode_record(sample());
  int refused = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string bytes = good;
    for (uint64_t n = random() % 3; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 2 == 0) bytes.resize(random() % (bytes.size() + 1));
    auto decoded = decode_record<Everything>(bytes);
    if (!decoded) ++refused;
  }
  EXPECT_GT(refused, 10'000);
  EXPECT_EQ(decode_record<Everything>("").error().code, ErrorCode::corrupt);
  EXPECT_EQ(decode_record<Everything>(std::string_view("\0", 1)).error().code, ErrorCode::corrupt);
  EXPECT_EQ(decode_record<Everything>(good + "x").error().code, ErrorCode::corrupt);
}

TEST(RecordTest, NarrowIntegersRefuseWideValues) {
  struct {
    uint64_t value;
    bool fits;
  } cases[] = {{65535, true}, {65536, false}};
  for (auto c : cases) {
    Encoder inner;
    std::string text;
    inner(text, c.value);
    std::string bytes;
    append_varint(bytes, 1);
    append_varint(bytes, 0);  // Old::name
    append_varint(bytes, inner.bytes().size());
    bytes += inner.bytes();
    EXPECT_EQ(decode_record<Old>(bytes).has_value(), c.fits);
  }
}

TEST(RecordTest, Varints) {
  for (uint64_t value : {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{1} << 63, UINT64_MAX}) {
    std::string bytes;
    append_varint(bytes, value);
    std::string_view in = bytes;
    uint64_t back = 0;
    ASSERT_TRUE(take_varint(in, back));
    EXPECT_EQ(back, value);
    EXPECT_TRUE(in.empty());
  }
  for (std::string_view bad : {std::string_view("\x80", 1), std::string_view("\x80\x00", 2),
                               std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10)}) {
    uint64_t back = 0;
    EXPECT_FALSE(take_varint(bad, back));
  }
}

}  // namespace
}  // namespace aerolith::metadata
