#include "os/faulty_file_system.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace aerolith::os {

namespace {
constexpr size_t kSectorBytes = 512;

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string without_slash(const std::string& path) {
  size_t end = path.find_last_not_of('/');
  return end == std::string::npos ? "/" : path.substr(0, end + 1);
}
}  // namespace

struct FaultyFileSystem::Node {
  std::string now;
  std::string durable;
  bool sync_failed = false;  // what is dirty now is never written back, as on Linux
};

class FaultyFileSystem::OpenFile final : public File {
 public:
  OpenFile(FaultyFileSystem& files, std::shared_ptr<Node> node, bool writable)
      : files_(files), node_(std::move(node)), generation_(files.generation_), writable_(writable) {}

  Result<size_t> read_at(uint64_t offset, std::span<char> buffer) const override {
    std::lock_guard lock(files_.mutex_);
    TRY(check_power());
    if (files_.happens(Fault::read_error)) return fail(ErrorCode::io, "injected read error");
    if (offset >= node_->now.size()) return size_t{0};
    return node_->now.copy(buffer.data(), buffer.size(), offset);
  }

  Result<> write_at(uint64_t offset, std::string_view bytes) override {
    std::lock_guard lock(files_.mutex_);
    TRY(check_power());
    if (!writable_) return fail(ErrorCode::denied, "opened for reading");
    if (files_.happens(Fault::write_error)) return write_part(offset, bytes, ErrorCode::io);
    if (files_.happens(Fault::write_no_space)) return write_part(offset, bytes, ErrorCode::no_space);
    uint64_t end = offset + bytes.size();
    uint64_t growth = end > node_->now.size() ? end - node_->now.size() : 0;
    if (growth > 0 && files_.used_locked() + growth > files_.capacity_) {
      return write_part(offset, bytes, ErrorCode::no_space);
    }
    write(offset, bytes);
    return {};
  }

  Result<> sync_data() override {
    std::lock_guard lock(files_.mutex_);
    TRY(check_power());
    if (files_.happens(Fault::sync_error)) {
      node_->sync_failed = true;
      return fail(ErrorCode::io, "injected sync error");
    }
    if (!node_->sync_failed) node_->durable = node_->now;
    return {};
  }

  Result<uint64_t> size() const override {
    std::lock_guard lock(files_.mutex_);
    TRY(check_power());
    return uint64_t{node_->now.size()};
  }

  Result<> truncate(uint64_t size) override {
    std::lock_guard lock(files_.mutex_);
    TRY(check_power());
    if (files_.happens(Fault::truncate_error)) return fail(ErrorCode::io, "injected truncate error");
    node_->now.resize(size);
    return {};
  }

  Result<> preallocate(uint64_t offset, uint64_t size) override {
    std::lock_guard lock(files_.mutex_);
    TRY(check_power());
    if (files_.happens(Fault::preallocate_error)) return fail(ErrorCode::io, "injected preallocate error");
    const uint64_t end = offset + size;
    const uint64_t growth = end > node_->now.size() ? end - node_->now.size() : 0;
    if (files_.used_locked() + growth > files_.capacity_) return fail(ErrorCode::no_space, "no room");
    return {};
  }

  // Durable at once, as far as a power loss is concerned: the strictest that a disk may do.
  Result<> punch_hole(uint64_t offset, uint64_t size) override {
    std::lock_guard lock(files_.mutex_);
    TRY(check_power());
    if (files_.happens(Fault::punch_error)) return fail(ErrorCode::io, "injected punch error");
    for (std::string* bytes : {&node_->now, &node_->durable}) {
      if (offset < bytes->size())
        std::fill_n(bytes->begin() + static_cast<std::ptrdiff_t>(offset),
                    std::min<uint64_t>(size, bytes->size() - offset), '\0');
    }
    return {};
  }

 private:
  Result<> check_power() const {
    if (generation_ != files_.generation_) return fail(ErrorCode::io, "the power was lost");
    return {};
  }
  void write(uint64_t offset, std::string_view bytes) {
    if (node_->now.size() < offset + bytes.size()) node_->now.resize(offset + bytes.size());
    std::copy(bytes.begin(), bytes.end(), node_->now.begin() + static_cast<std::ptrdiff_t>(offset));
  }
  Result<> write_part(uint64_t offset, std::string_view bytes, ErrorCode code) {
    uint64_t limit = bytes.size();
    if (uint64_t used = files_.used_locked(); used + limit > files_.capacity_) {
      limit = files_.capacity_ > used ? files_.capacity_ - used : 0;
    }
    write(offset, bytes.substr(0, files_.random_() % (limit + 1)));
    return fail(code, "injected write error");
  }

  FaultyFileSystem& files_;
  std::shared_ptr<Node> node_;
  uint64_t generation_;
  bool writable_;
};

FaultyFileSystem::FaultyFileSystem(uint64_t seed) : random_(seed) { directories_["/"]; }
FaultyFileSystem::~FaultyFileSystem() = default;

bool FaultyFileSystem::happens(Fault fault) {
  auto found = faults_.find(fault);
  if (found == faults_.end()) return false;
  if (found->second > 0) {
    --found->second;
    return false;
  }
  faults_.erase(found);
  return true;
}

FaultyFileSystem::Directory* FaultyFileSystem::find_directory(const std::string& path) {
  auto found = directories_.find(without_slash(path));
  return found == directories_.end() ? nullptr : &found->second;
}

uint64_t FaultyFileSystem::used_locked() const {
  uint64_t used = 0;
  for (const auto& [path, directory] : directories_) {
    for (const auto& [name, node] : directory.now) used += node->now.size();
  }
  return used;
}

Result<std::unique_ptr<File>> FaultyFileSystem::open(const std::string& path, OpenMode mode, unsigned) {
  std::lock_guard lock(mutex_);
  Directory* directory = find_directory(parent_directory(path));
  if (directory == nullptr) return fail(ErrorCode::not_found, path);
  auto found = directory->now.find(name_of(path));
  if (mode == OpenMode::create || mode == OpenMode::create_direct) {
    if (found != directory->now.end()) return fail(ErrorCode::already_exists, path);
    if (happens(Fault::open_no_space)) return fail(ErrorCode::no_space, "injected open error");
    found = directory->now.emplace(name_of(path), std::make_shared<Node>()).first;
  }
  if (found == directory->now.end()) return fail(ErrorCode::not_found, path);
  return std::unique_ptr<File>(new OpenFile(*this, found->second, mode != OpenMode::read));
}

Result<> FaultyFileSystem::rename(const std::string& from, const std::string& to) {
  std::lock_guard lock(mutex_);
  Directory* source = find_directory(parent_directory(from));
  Directory* target = find_directory(parent_directory(to));
  if (source == nullptr || target == nullptr) return fail(ErrorCode::not_found, from);
  auto found = source->now.find(name_of(from));
  if (found == source->now.end()) return fail(ErrorCode::not_found, from);
  std::shared_ptr<Node> node = found->second;
  source->now.erase(found);
  target->now[name_of(to)] = std::move(node);
  return {};
}

Result<> FaultyFileSystem::remove(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (happens(Fault::remove_error)) return fail(ErrorCode::io, "injected remove error");
  Directory* directory = find_directory(parent_directory(path));
  if (directory == nullptr || directory->now.erase(name_of(path)) == 0) return fail(ErrorCode::not_found, path);
  return {};
}

Result<> FaultyFileSystem::sync_directory(const std::string& path) {
  std::lock_guard lock(mutex_);
  Directory* directory = find_directory(path);
  if (directory == nullptr) return fail(ErrorCode::not_found, path);
  if (happens(Fault::directory_error)) return fail(ErrorCode::io, "injected directory sync error");
  directory->durable = directory->now;
  return {};
}

Result<std::vector<DirectoryEntry>> FaultyFileSystem::list(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (happens(Fault::list_error)) return fail(ErrorCode::io, "injected list error");
  Directory* directory = find_directory(path);
  if (directory == nullptr) return fail(ErrorCode::not_found, path);
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, node] : directory->now) entries.push_back({name, false});
  for (const auto& [child, ignored] : directories_) {
    if (child != "/" && parent_directory(child) == without_slash(path)) entries.push_back({name_of(child), true});
  }
  return entries;
}

Result<> FaultyFileSystem::make_directories(const std::string& path) {
  std::lock_guard lock(mutex_);
  for (std::string at = without_slash(path); at != "/" && at != "."; at = parent_directory(at)) directories_[at];
  return {};
}

void FaultyFileSystem::power_loss(Unsynced unsynced) {
  std::lock_guard lock(mutex_);
  ++generation_;
  faults_.clear();
  for (auto& [path, directory] : directories_) {
    directory.now = directory.durable;
    for (auto& [name, node] : directory.now) {
      std::string survivor = node->durable;
      if (unsynced == Unsynced::torn) {
        // The size may have gone out before the bytes: lost sectors beyond the old end read as zeros.
        if (random_() % 2 == 0) survivor.resize(node->now.size());
        for (size_t at = 0; at < std::min(survivor.size(), node->now.size()); at += kSectorBytes) {
          size_t size = std::min({kSectorBytes, survivor.size() - at, node->now.size() - at});
          if (random_() % 2 == 0) survivor.replace(at, size, node->now, at, size);
        }
      }
      // A new node: what is open keeps the old one and can do no more harm.
      auto fresh = std::make_shared<Node>();
      fresh->now = fresh->durable = std::move(survivor);
      node = std::move(fresh);
    }
    directory.durable = directory.now;
  }
}

void FaultyFileSystem::inject(Fault fault, uint64_t after_calls) {
  std::lock_guard lock(mutex_);
  faults_[fault] = after_calls;
}

void FaultyFileSystem::set_capacity(uint64_t bytes) {
  std::lock_guard lock(mutex_);
  capacity_ = bytes;
}

void FaultyFileSystem::flip_bit(const std::string& path, uint64_t bit) {
  std::lock_guard lock(mutex_);
  Directory* directory = find_directory(parent_directory(path));
  if (directory == nullptr || !directory->now.contains(name_of(path))) std::abort();
  Node& node = *directory->now[name_of(path)];
  if (bit / 8 >= node.now.size()) std::abort();
  node.now[bit / 8] = static_cast<char>(node.now[bit / 8] ^ (1 << (bit % 8)));
  node.durable = node.now;
}

std::vector<std::string> FaultyFileSystem::all_files() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, directory] : directories_) {
    for (const auto& [name, node] : directory.now) paths.push_back((path == "/" ? "" : path) + "/" + name);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

uint64_t FaultyFileSystem::used_bytes() const {
  std::lock_guard lock(mutex_);
  return used_locked();
}

}  // namespace aerolith::os
