#include "compute/guest_kernel.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/random.h"
#include "os/file_system.h"
#include "os/program.h"

namespace aerolith::compute {
namespace {

constexpr std::string_view kPvhNote{"\x04\0\0\0\x08\0\0\0\x12\0\0\0Xen\0", 16};

std::string little(uint32_t value) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

// As the kernel's build makes it: one sector to boot, `setup_sectors` more, then the code that unpacks the payload.
std::string make_image(const std::string& payload, char setup_sectors = 1) {
  std::string image(size_t{512} * (static_cast<size_t>(setup_sectors) + 1), '\0');
  image[0x1F1] = setup_sectors;
  image.replace(0x202, 4, "HdrS");
  const std::string stored = payload + little(1000);
  image.replace(0x248, 4, little(16));
  image.replace(0x24C, 4, little(static_cast<uint32_t>(stored.size())));
  return image + std::string(16, 'c') + stored;
}

std::string packed(const std::string& content) {
  return os::run_checked({.arguments = {"gzip", "-c"}, .input = content}).value();
}

class UnpackKernelTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(file_); }

  std::string file_ = testing::TempDir() + "kernel-" + random_hex(8);
};

TEST_F(UnpackKernelTest, WritesWhatTheImageHolds) {
  const std::string kernel =
      "\x7F"
      "ELF and more " +
      std::string(kPvhNote) + std::string(100'000, 'k');
  ASSERT_TRUE(unpack_kernel(make_image(packed(kernel)), file_));
  os::RealFileSystem files;
  EXPECT_EQ(os::read_file(files, file_).value(), kernel);
}

TEST_F(UnpackKernelTest, LeavesWhatCantBootSo) {
  EXPECT_FALSE(unpack_kernel(make_image(packed("\x7F"
                                               "ELF without the note")),
                             file_));
  EXPECT_FALSE(unpack_kernel(make_image(packed("no program " + std::string(kPvhNote))), file_));
  EXPECT_FALSE(unpack_kernel(make_image("packed by a stranger"), file_));
  EXPECT_FALSE(unpack_kernel("", file_));
  EXPECT_FALSE(unpack_kernel(std::string(4096, '\0'), file_));
}

TEST_F(UnpackKernelTest, BelievesNoSizeBeyondTheFile) {
  std::string image =
      make_image(packed("\x7F"
                        "ELF " +
                        std::string(kPvhNote)));
  image.replace(0x24C, 4, little(0xFFFFFFF0U));
  EXPECT_FALSE(unpack_kernel(image, file_));
  image.replace(0x24C, 4, little(2));
  EXPECT_FALSE(unpack_kernel(image, file_));
  image.replace(0x248, 4, little(0xFFFFFFF0U));
  EXPECT_FALSE(unpack_kernel(image, file_));
}

TEST(ModuleSignatureTest, IsCutOff) {
  const std::string mark = "~Module signature appended~\n";
  const std::string head = std::string(8, '\0') + std::string("\0\0\0\x05", 4);
  EXPECT_EQ(without_signature("module" + std::string("SSSSS") + head + mark), "module");
  EXPECT_EQ(without_signature("module"), "module");
  // A size that can't be.
  const std::string wrong = "mod" + head + mark;
  EXPECT_EQ(without_signature(wrong), wrong);
  EXPECT_EQ(without_signature(mark), mark);
}

}  // namespace
}  // namespace aerolith::compute
