// engine serve vhost-user|fuse <socket or file> <disk…>
// engine load <mode> <block bytes> <depth> <total bytes> <region bytes> <disk…>
// where a disk is
//   own <folder> <size in MiB> [<raw file behind it>]
//   vhost-user <socket of what serves it>
#include <fmt/format.h>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "front_ends.h"
#include "load.h"

namespace prototype {

namespace {

std::unique_ptr<Disk> open_disk(Ring& ring, const std::vector<std::string>& words, size_t at) {
  if (words.at(at) == "vhost-user") return connect_vhost_user(ring, words.at(at + 1));
  if (words.at(at) != "own") throw std::runtime_error("see the first lines of main.cc");
  return std::make_unique<Volume>(ring, words.at(at + 1), words.size() > at + 3 ? words[at + 3] : "",
                                  std::stoull(words.at(at + 2)) << 20);
}

int run(const std::vector<std::string>& words) {
  Ring ring(512);
  if (words.at(0) == "load") {
    const auto disk = open_disk(ring, words, 6);
    const Load load{.mode = words[1],
                    .block_bytes = std::stoull(words[2]),
                    .total_bytes = std::stoull(words[4]),
                    .region_bytes = std::stoull(words[5]),
                    .depth = static_cast<unsigned>(std::stoul(words[3]))};
    return put_load(ring, *disk, load) ? 0 : 1;
  }
  const auto disk = open_disk(ring, words, 3);
  if (words.at(1) == "fuse") {
    serve_fuse(ring, *disk, words[2]);
  } else {
    serve_vhost_user(ring, *disk, words[2]);
  }
  return 0;
}

}  // namespace

}  // namespace prototype

int main(int count, char** words) {
  try {
    return prototype::run({words + 1, words + count});
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
