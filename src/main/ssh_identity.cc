#include "main/ssh_identity.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

#include "os/program.h"

namespace aerolith::main_program {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostKeyBytes = size_t{64} << 10;
constexpr auto kKeygenPatience = std::chrono::seconds(5);

// Type and key: what makes two lines the same key.
std::string key_of_line(std::string_view line) {
  std::istringstream words{std::string(line)};
  std::string type;
  std::string key;
  words >> type >> key;
  return key.empty() ? std::string() : type + " " + key;
}

std::string read_small(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text(kMostKeyBytes, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(stream.gcount()));
  return text;
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) files.push_back(entry->path());
  }
  std::ranges::sort(files);
  return files;
}

// Of a private key without a passphrase.
std::string public_half(const fs::path& file) {
  const auto end =
      os::run_program({.arguments = {"ssh-keygen", "-y", "-P", "", "-f", file.string()}, .patience = kKeygenPatience});
  return end.has_value() && end->exit_code == 0 ? key_of_line(end->output) : std::string();
}

}  // namespace

std::optional<fs::path> find_identity(std::string_view public_key, const fs::path& folder) {
  const std::string wanted = key_of_line(public_key);
  if (wanted.empty()) return std::nullopt;
  std::error_code error;
  const std::vector<fs::path> files = files_in(folder);
  for (const fs::path& file : files) {
    if (file.extension() != ".pub" || key_of_line(read_small(file)) != wanted) continue;
    const fs::path secret = fs::path(file).replace_extension();
    if (fs::is_regular_file(secret, error)) return secret;
  }
  for (const fs::path& file : files) {
    if (read_small(file).starts_with("-----BEGIN ") && public_half(file) == wanted) return file;
  }
  return std::nullopt;
}

bool agent_has(std::string_view public_key) {
  const std::string wanted = key_of_line(public_key);
  if (wanted.empty() || std::getenv("SSH_AUTH_SOCK") == nullptr) return false;
  const auto end = os::run_program({.arguments = {"ssh-add", "-L"}, .patience = kKeygenPatience});
  if (!end.has_value() || end->exit_code != 0) return false;
  std::istringstream lines(end->output);
  for (std::string line; std::getline(lines, line);) {
    if (key_of_line(line) == wanted) return true;
  }
  return false;
}

}  // namespace aerolith::main_program
