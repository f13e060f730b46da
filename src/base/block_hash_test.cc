#include "base/block_hash.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/digest.h"
#include "base/random.h"

namespace aerolith {
namespace {

// In one call: by OpenSSL.
std::string expected(BlockHashKind kind, std::string_view bytes) {
  return digest(kind == BlockHashKind::md5 ? DigestKind::md5 : DigestKind::sha256, bytes);
}

std::string hash_by(BlockHashKind kind, std::string_view bytes, size_t piece) {
  BlockHash hash(kind);
  for (size_t at = 0; at < bytes.size(); at += piece) hash.update(bytes.substr(at, piece));
  return hash.finish();
}

class BlockHashTest : public testing::TestWithParam<BlockHashKind> {};
INSTANTIATE_TEST_SUITE_P(Kinds, BlockHashTest, testing::Values(BlockHashKind::md5, BlockHashKind::sha256));

TEST_P(BlockHashTest, AgreesWithOpenSslAtEverySize) {
  const std::string bytes = random_bytes(100'000);
  for (size_t size : {0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 16'384, 16'385, 99'999, 100'000}) {
    const std::string_view part = std::string_view(bytes).substr(0, size);
    for (size_t piece : {1, 63, 64, 65, 20'000, 100'000}) {
      EXPECT_EQ(hash_by(GetParam(), part, piece), expected(GetParam(), part)) << size << " by " << piece;
    }
  }
}

TEST(BlockHashTest, TwoTakeTheSameBytesTogether) {
  const std::string bytes = random_bytes(300'000);
  for (size_t ahead : {0, 1, 64, 65}) {  // of one of them
    for (size_t piece : {1'000, 16'384, 70'001, 300'000}) {
      BlockHash md5(BlockHashKind::md5);
      BlockHash sha256(BlockHashKind::sha256);
      md5.update(std::string_view(bytes).substr(0, ahead));
      for (size_t at = 0; at < bytes.size(); at += piece) {
        BlockHash::update_both(sha256, md5, std::string_view(bytes).substr(at, piece));
      }
      EXPECT_EQ(md5.finish(), expected(BlockHashKind::md5, bytes.substr(0, ahead) + bytes)) << ahead << " " << piece;
      EXPECT_EQ(sha256.finish(), expected(BlockHashKind::sha256, bytes)) << ahead << " " << piece;
    }
  }
}

// Threads that want one digest, the other, or both.
TEST(BlockHashTest, ManyThreadsHashBothTogether) {
  std::vector<std::thread> threads;
  for (size_t number = 0; number < 24; ++number) {
    threads.emplace_back([number] {
      const std::string bytes = random_bytes(400'000 + number * 10'007);
      for (int round = 0; round < 3; ++round) {
        BlockHash md5(BlockHashKind::md5);
        BlockHash sha256(BlockHashKind::sha256);
        for (size_t at = 0; at < bytes.size(); at += 100'000) {
          const std::string_view piece = std::string_view(bytes).substr(at, 100'000);
          if (number % 3 == 0) {
            BlockHash::update_both(md5, sha256, piece);
          } else {
            (number % 3 == 1 ? md5 : sha256).update(piece);
          }
        }
        const bool has_md5 = number % 3 != 2;
        const bool has_sha256 = number % 3 != 1;
        EXPECT_EQ(has_md5 ? md5.finish() : "", has_md5 ? expected(BlockHashKind::md5, bytes) : "");
        EXPECT_EQ(has_sha256 ? sha256.finish() : "", has_sha256 ? expected(BlockHashKind::sha256, bytes) : "");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Every number of streams from one to more than there are lanes, of different lengths.
TEST_P(BlockHashTest, ManyThreadsHashTogether) {
  for (size_t count : {2, 7, 8, 9, 15, 16, 17, 40}) {
    std::vector<std::thread> threads;
    for (size_t number = 0; number < count; ++number) {
      threads.emplace_back([number] {
        const std::string bytes = random_bytes(200'000 + number * 10'007);
        for (int round = 0; round < 3; ++round) {
          EXPECT_EQ(hash_by(GetParam(), bytes, 16'384 + number * 6'400), expected(GetParam(), bytes));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

}  // namespace
}  // namespace aerolith
