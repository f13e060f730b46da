#include "metadata/key.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "metadata/store.h"

namespace aerolith::metadata {
namespace {

enum class Colour : uint8_t { red, green };
using Key = std::tuple<std::string, int32_t, Descending<uint64_t>, std::string, bool, Colour, Timestamp>;

std::string encode(const Key& key) {
  std::string out;
  std::apply([&](const auto&... part) { append_key_parts<Key>(out, part...); }, key);
  return out;
}

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint64_t below(uint64_t n) { return engine_() % n; }
  // Few letters and the bytes that are special in the encoding, so that prefixes and ties are common.
  std::string text() {
    constexpr std::string_view kLetters{
        "\x00\x01\x02\xfe\xff"
        "ab",
        7};
    std::string out;
    for (uint64_t size = below(5); size > 0; --size) out += kLetters[below(kLetters.size())];
    return out;
  }
  template <typename Integer>
  Integer integer() {
    switch (below(4)) {
      case 0:
        return std::numeric_limits<Integer>::min();
      case 1:
        return std::numeric_limits<Integer>::max();
      case 2:
        return static_cast<Integer>(below(3)) - Integer{1};
      default:
        return static_cast<Integer>(engine_());
    }
  }
  Key key() {
    return {text(),
            integer<int32_t>(),
            Descending<uint64_t>{integer<uint64_t>()},
            text(),
            below(2) == 1,
            Colour{static_cast<uint8_t>(below(2))},
            Timestamp(std::chrono::milliseconds(integer<int32_t>()))};
  }

 private:
  std::mt19937_64 engine_;
};

TEST(KeyTest, OrderOfBytesIsOrderOfTuples) {
  Random random(1);
  for (int i = 0; i < 50'000; ++i) {
    Key a = random.key();
    Key b = random.key();
    if (random.below(2) == 0) std::get<0>(b) = std::get<0>(a);
    if (random.below(2) == 0) std::get<1>(b) = std::get<1>(a);
    ASSERT_EQ(a < b, encode(a) < encode(b));
    ASSERT_EQ(a == b, encode(a) == encode(b));
    Key back;
    ASSERT_TRUE(take_key_parts(encode(a), back));
    ASSERT_EQ(back, a);
  }
}

TEST(KeyTest, PrefixesOfStringsArePrefixesOfBytes) {
  Random random(2);
  for (int i = 0; i < 50'000; ++i) {
    std::string prefix = random.text();
    std::string text = random.below(2) == 0 ? prefix + random.text() : random.text();
    std::string bytes;
    append_key_string(bytes, text);
    std::string begin;
    append_key_prefix(begin, prefix);
    ASSERT_EQ(text.starts_with(prefix), bytes.starts_with(begin));
    std::string end = prefix_end(begin);
    ASSERT_EQ(text.starts_with(prefix), begin <= bytes && (end.empty() || bytes < end));
  }
}

TEST(KeyTest, DescendingStrings) {
  using Newest = std::tuple<Descending<std::string>, std::string>;
  Random random(3);
  for (int i = 0; i < 20'000; ++i) {
    Newest a{{random.text()}, random.text()};
    Newest b{{random.text()}, random.text()};
    std::string bytes_a;
    std::string bytes_b;
    append_key_parts<Newest>(bytes_a, std::get<0>(a), std::get<1>(a));
    append_key_parts<Newest>(bytes_b, std::get<0>(b), std::get<1>(b));
    ASSERT_EQ(a < b, bytes_a < bytes_b);
    Newest back;
    ASSERT_TRUE(take_key_parts(bytes_a, back));
    ASSERT_EQ(back, a);
  }
}

TEST(KeyTest, GarbageIsRefused) {
  Random random(4);
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes = encode(random.key());
    if (random.below(2) == 0) {
      bytes.resize(random.below(bytes.size()));
    } else {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    Key key;
    if (take_key_parts(bytes, key)) {
      ASSERT_EQ(encode(key), bytes);
    }
  }
  std::tuple<bool> truth;
  EXPECT_FALSE(take_key_parts(std::string_view("\2", 1), truth));
}

TEST(KeyTest, PrefixEnd) {
  EXPECT_EQ(prefix_end("a"), "b");
  EXPECT_EQ(prefix_end("a\xff\xff"), "b");
  EXPECT_EQ(prefix_end("\xff"), "");
  EXPECT_EQ(prefix_end(""), "");
}

}  // namespace
}  // namespace aerolith::metadata
