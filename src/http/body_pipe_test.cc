#include "http/body_pipe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

namespace aerolith::http {
namespace {

// Writes what fits; the number of bytes taken.
size_t write(BodyPipe& pipe, std::string_view bytes) {
  const std::span<char> room = pipe.writable();
  const size_t size = std::min(room.size(), bytes.size());
  std::copy_n(bytes.data(), size, room.data());
  pipe.commit(size);
  return size;
}

TEST(BodyPipe, GivesBytesThenTheEnd) {
  BodyPipe pipe({.first_capacity_bytes = 8, .capacity_bytes = 8, .body_size_bytes = 5, .on_want = {}});
  EXPECT_EQ(write(pipe, "hello"), 5u);
  pipe.finish();
  EXPECT_EQ(read_all(pipe, 100).value(), "hello");
  char byte = 0;
  EXPECT_EQ(pipe.read({&byte, 1}).value(), 0u);
}

TEST(BodyPipe, ReadAllRefusesALargerBody) {
  BodyPipe told({.first_capacity_bytes = 8, .capacity_bytes = 8, .body_size_bytes = 5, .on_want = {}});
  EXPECT_EQ(read_all(told, 4).error().code, BodyErrorCode::too_large);
  BodyPipe untold({.first_capacity_bytes = 8, .capacity_bytes = 8, .body_size_bytes = {}, .on_want = {}});
  write(untold, "hello");
  untold.finish();
  EXPECT_EQ(read_all(untold, 4).error().code, BodyErrorCode::too_large);
}

TEST(BodyPipe, FailureStays) {
  BodyPipe pipe({.first_capacity_bytes = 8, .capacity_bytes = 8, .body_size_bytes = {}, .on_want = {}});
  pipe.fail_with(BodyErrorCode::timed_out, "late");
  pipe.fail_with(BodyErrorCode::disconnected, "gone");
  char byte = 0;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(pipe.read({&byte, 1}).error().code, BodyErrorCode::timed_out);
}

TEST(BodyPipe, GrowsToItsCapacityAndNoFurther) {
  BodyPipe pipe({.first_capacity_bytes = 2, .capacity_bytes = 10, .body_size_bytes = {}, .on_want = {}});
  size_t total = 0;
  while (const size_t size = write(pipe, "abcdefghijklmnop")) total += size;
  EXPECT_EQ(total, 10u);
}

TEST(BodyPipe, AsksForMoreOnceThereIsRoom) {
  std::atomic<int> wants = 0;
  BodyPipe pipe({.first_capacity_bytes = 4, .capacity_bytes = 4, .body_size_bytes = {}, .on_want = [&] { ++wants; }});
  EXPECT_EQ(write(pipe, "abcdef"), 4u);
  EXPECT_TRUE(pipe.writable().empty());
  char two[2];
  EXPECT_EQ(pipe.read(two).value(), 2u);
  EXPECT_EQ(wants, 1);
  EXPECT_EQ(pipe.read(two).value(), 2u);
  EXPECT_EQ(wants, 1);
}

TEST(BodyPipe, CarriesManyBytesBetweenThreads) {
  std::string sent;
  for (size_t i = 0; i < 300'000; ++i) sent += static_cast<char>('a' + i * 7 % 26);
  BodyPipe pipe({.first_capacity_bytes = 100, .capacity_bytes = 1000, .body_size_bytes = {}, .on_want = [] {}});
  std::jthread writer([&] {
    std::string_view rest = sent;
    while (!rest.empty()) {
      const size_t size = write(pipe, rest);
      if (size == 0) std::this_thread::yield();
      rest.remove_prefix(size);
    }
    pipe.finish();
  });
  EXPECT_EQ(read_all(pipe, sent.size()).value(), sent);
}

}  // namespace
}  // namespace aerolith::http
