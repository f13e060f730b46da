#include "base/digest.h"

#include <gtest/gtest.h>

#include <set>

#include "base/encoding.h"
#include "base/random.h"

namespace aerolith {
namespace {

// The check values of the CRC catalogue and of the RFCs, all for "123456789".
TEST(Digest, CatalogueCheckValues) {
  const std::pair<DigestKind, const char*> cases[] = {
      {DigestKind::crc32, "cbf43926"},
      {DigestKind::crc32c, "e3069283"},
      {DigestKind::crc64nvme, "ae8b14860a799888"},
      {DigestKind::md5, "25f9e794323b453885f5181f1b624d0b"},
      {DigestKind::sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"},
      {DigestKind::sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"},
      {DigestKind::sha512,
       "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274a"
       "d27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85"},
      // As awscrt makes them.
      {DigestKind::xxhash64, "8cb841db40e6ae83"},
      {DigestKind::xxhash3, "72dcb18b67a17dff"},
      {DigestKind::xxhash128, "33119477ede5dcd5e9716427681d5860"},
  };
  for (const auto& [kind, expected] : cases) EXPECT_EQ(hex_encode(digest(kind, "123456789")), expected);
}

TEST(Digest, PiecesGiveTheSameAsTheWhole) {
  const std::string bytes = random_bytes(5000);
  for (const DigestKind kind :
       {DigestKind::md5, DigestKind::sha1, DigestKind::sha256, DigestKind::sha512, DigestKind::crc32,
        DigestKind::crc32c, DigestKind::crc64nvme, DigestKind::xxhash64, DigestKind::xxhash3, DigestKind::xxhash128}) {
    Digest pieces(kind);
    for (size_t at = 0, size = 1; at < bytes.size(); at += size, size = size * 2 + 1)
      pieces.update(std::string_view(bytes).substr(at, size));
    EXPECT_EQ(pieces.finish(), digest(kind, bytes));
  }
  EXPECT_EQ(crc64nvme(bytes), crc64nvme(std::string_view(bytes).substr(777), crc64nvme(bytes.substr(0, 777))));
}

// RFC 4231, cases 1, 2 and 6 (a key longer than a block).
TEST(Digest, HmacSha256) {
  EXPECT_EQ(hex_encode(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex_encode(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex_encode(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Random, RequestIdsAreDistinctAndOfTheRightForm) {
  std::set<std::string> seen;
  for (int i = 0; i < 10000; ++i) {
    const std::string id = make_request_id();
    ASSERT_EQ(id.size(), 16U);
    ASSERT_EQ(id.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"), std::string::npos) << id;
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 10000U);
}

}  // namespace
}  // namespace aerolith
