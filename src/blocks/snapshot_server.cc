#include "blocks/snapshot_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <thread>

#include "base/log.h"
#include "blocks/from_files.h"
#include "blocks/nbd_session.h"
#include "blocks/stored_snapshot.h"

namespace aerolith::blocks {

namespace {

constexpr uint64_t kSectorBytes = 512;

Result<std::shared_ptr<const BlockKey>> read_key(int descriptor) {
  if (descriptor < 0) return std::shared_ptr<const BlockKey>();
  std::array<char, BlockKey::kBytes> bytes{};
  if (::pread(descriptor, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return fail(VolumeErrorCode::corrupt, "the key that was given is too short");
  }
  return std::make_shared<const BlockKey>(std::string(bytes.data(), bytes.size()));
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void speak(int socket, StoredSnapshot& snapshot) {
  const uint64_t size_bytes = (snapshot.size_bytes() + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
  NbdSession session(size_bytes, [&](uint64_t offset, std::span<char> buffer) {
    auto read = snapshot.read(offset, buffer);
    if (!read.has_value()) log_error("a snapshot's block can't be read", {{"why", read.error().detail}});
    return read;
  });
  std::array<char, 4096> bytes{};
  bool goes_on = send_all(socket, session.greet());
  while (goes_on) {
    const ssize_t got = ::recv(socket, bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    goes_on = send_all(socket, session.take({bytes.data(), static_cast<size_t>(got)})) && !session.is_over();
  }
  ::close(socket);
}

}  // namespace

Result<> serve_snapshot(const ServedSnapshot& wanted) {
  static os::RealFileSystem files;
  const auto key = TRY(read_key(wanted.key));
  const std::shared_ptr<StoredSnapshot> snapshot =
      TRY(StoredSnapshot::open(files, wanted.store_folder, wanted.snapshot, key));
  for (;;) {
    const int client = ::accept4(wanted.socket, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) {
      std::thread([client, snapshot] { speak(client, *snapshot); }).detach();
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return fail(VolumeErrorCode::command, "no client can be accepted");
    }
  }
}

}  // namespace aerolith::blocks
