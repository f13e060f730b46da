#include "base/md5.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/digest.h"
#include "base/md5_lanes.h"
#include "base/random.h"

namespace aerolith {
namespace {

std::string md5_of(std::string_view bytes, size_t piece) {
  Md5 md5;
  for (size_t at = 0; at < bytes.size(); at += piece) md5.update(bytes.substr(at, piece));
  return md5.finish();
}

TEST(Md5, AgreesWithOpenSslAtEverySize) {
  const std::string bytes = random_bytes(100'000);
  for (size_t size : {0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 16'384, 16'385, 99'999, 100'000}) {
    const std::string_view part = std::string_view(bytes).substr(0, size);
    for (size_t piece : {1, 63, 64, 65, 20'000, 100'000}) {
      EXPECT_EQ(md5_of(part, piece), digest(DigestKind::md5, part)) << size << " by " << piece;
    }
  }
}

TEST(Md5, ManyThreadsHashTogether) {
  std::vector<std::thread> threads;
  for (size_t number = 0; number < 40; ++number) {
    threads.emplace_back([number] {
      const std::string bytes = random_bytes(300'000 + number * 10'007);
      for (int round = 0; round < 4; ++round) {
        EXPECT_EQ(md5_of(bytes, 16'384 + number * 6'400), digest(DigestKind::md5, bytes));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Md5, ThisProcessorsLanesAreKnown) {
  const size_t count = Md5Lanes().count();
  EXPECT_TRUE(count == 1 || count == 8 || count == 16) << count;
}

}  // namespace
}  // namespace aerolith
