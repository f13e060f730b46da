#include "main/aws_profile.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "base/encoding.h"
#include "os/file_system.h"

namespace aerolith::main_program {
namespace {

// Lines with their ends, so that joining them gives the text again.
std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const size_t size = end == std::string_view::npos ? text.size() : end + 1;
    lines.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

std::string_view strip(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  return trim(line);
}

bool is_indented(std::string_view line) { return line.starts_with(' ') || line.starts_with('\t'); }
bool is_blank_or_comment(std::string_view line) {
  const std::string_view content = strip(line);
  return content.empty() || content.front() == '#' || content.front() == ';';
}

// The section that a line opens, words parted by one space and without quotes; empty for any other line.
std::string section_of(std::string_view line) {
  if (!line.starts_with('[')) return "";
  const size_t end = line.find(']');
  if (end == std::string_view::npos) return "";
  std::string name;
  bool gap = false;
  for (const char c : strip(line.substr(1, end - 1))) {
    if (c == '"' || c == '\'') continue;
    const bool space = c == ' ' || c == '\t';
    if (!space && gap && !name.empty()) name += ' ';
    gap = space;
    if (!space) name += c;
  }
  return name;
}

std::string key_of(std::string_view line) {
  const size_t end = line.find_first_of("=:");
  return end == std::string_view::npos ? "" : to_lower(strip(line.substr(0, end)));
}

std::string_view value_of(std::string_view line) {
  const size_t end = line.find_first_of("=:");
  return end == std::string_view::npos ? std::string_view() : strip(line.substr(end + 1));
}

class SectionEditor {
 public:
  SectionEditor(std::vector<std::string>& lines, size_t begin, std::string_view line_end)
      : lines_(lines), begin_(begin), line_end_(line_end) {}

  void apply(const ProfileKey& key) {
    if (key.nested.empty()) {
      set(find(begin_, end(), key.name, false), last_used(end()), fmt::format("{} = {}", key.name, key.value), key);
      return;
    }
    std::optional<size_t> block = find(begin_, end(), key.name, false);
    if (!block) {
      if (key.value.empty()) return;
      block = last_used(end());
      insert(*block, key.name + " =");
    }
    const size_t block_end = end_of_value(*block);
    set(find(*block + 1, block_end, key.nested, true), *block + 1, fmt::format("    {} = {}", key.nested, key.value),
        key);
  }

 private:
  size_t end() const {
    size_t line = begin_;
    while (line < lines_.size() && !lines_[line].starts_with('[')) ++line;
    return line;
  }
  // Behind the last line that says something: blank lines and comments before the next section belong to that.
  size_t last_used(size_t line) const {
    while (line > begin_ && is_blank_or_comment(lines_[line - 1])) --line;
    return line;
  }
  std::optional<size_t> find(size_t from, size_t to, const std::string& name, bool indented) const {
    for (size_t line = from; line < to; ++line) {
      if (is_blank_or_comment(lines_[line]) || is_indented(lines_[line]) != indented) continue;
      if (key_of(lines_[line]) == name) return line;
    }
    return std::nullopt;
  }
  // Behind the indented lines that carry a value on.
  size_t end_of_value(size_t line) const {
    size_t end_line = line + 1;
    while (end_line < lines_.size() && is_indented(lines_[end_line]) && !strip(lines_[end_line]).empty()) ++end_line;
    return end_line;
  }
  void insert(size_t at, const std::string& text) {
    if (at > 0 && !lines_[at - 1].ends_with('\n')) lines_[at - 1] += line_end_;
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(at), text + line_end_);
  }
  void set(std::optional<size_t> found, size_t otherwise, const std::string& text, const ProfileKey& key) {
    if (!found) {
      if (!key.value.empty()) insert(otherwise, text);
      return;
    }
    const size_t value_end = key.nested.empty() ? end_of_value(*found) : *found + 1;
    const bool one_line = value_end == *found + 1;
    if (one_line && !key.value.empty() && value_of(lines_[*found]) == key.value) return;
    lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(*found),
                 lines_.begin() + static_cast<std::ptrdiff_t>(value_end));
    if (!key.value.empty()) insert(*found, text);
  }

  std::vector<std::string>& lines_;
  size_t begin_;  // the line after the header
  std::string line_end_;
};

std::vector<ProfileKey> config_keys(const AwsProfile& profile) {
  return {{"region", "", profile.region},
          {"endpoint_url", "", profile.endpoint_url},
          {"ca_bundle", "", profile.ca_bundle},
          {"s3", "addressing_style", "path"}};
}

std::vector<ProfileKey> credential_keys(const AwsProfile& profile) {
  return {{"aws_access_key_id", "", profile.access_key_id},
          {"aws_secret_access_key", "", profile.secret_access_key},
          // A token of somebody's would make the key a wrong one.
          {"aws_session_token", "", ""}};
}

bool has_section(std::string_view text, std::string_view section) {
  const std::vector<std::string> lines = split_lines(text);
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) { return section_of(line) == section; });
}

std::string config_section() { return fmt::format("profile {}", kAwsProfileName); }

// Absent reads as empty.
Result<std::string, AwsProfileError> read_text(const std::filesystem::path& file) {
  os::RealFileSystem files;
  auto text = os::read_file(files, file.string());
  if (text.has_value()) return *std::move(text);
  if (text.error().code == os::ErrorCode::not_found) return std::string();
  return fail(AwsProfileErrorCode::io, text.error().detail);
}

// Started with sudo, the server must not take a user's files away from the user: what it writes goes to who owns the
// file, or the nearest folder that is there. Best effort.
class OwnerKeeper {
 public:
  explicit OwnerKeeper(std::filesystem::path file) : file_(std::move(file)) {
    std::filesystem::path there = file_;
    while (stat(there.c_str(), &owner_) != 0 && there.has_parent_path() && there != there.parent_path()) {
      missing_.push_back(there);
      there = there.parent_path();
    }
    if (missing_.empty()) missing_.push_back(file_);
  }
  void restore() const {
    if (geteuid() != 0) return;
    for (const std::filesystem::path& path : missing_) {
      if (lchown(path.c_str(), owner_.st_uid, owner_.st_gid) != 0) return;
    }
  }

 private:
  std::filesystem::path file_;
  std::vector<std::filesystem::path> missing_;
  struct stat owner_{};
};

Result<bool, AwsProfileError> edit_file(const std::filesystem::path& file, std::string_view section,
                                        const std::vector<ProfileKey>& keys) {
  const std::string before = TRY(read_text(file));
  const std::string after = edit_profile(before, section, keys);
  if (after == before) return false;
  std::error_code error;
  // Dotfiles are often symbolic links into another folder: the link must stay one.
  std::filesystem::path target = std::filesystem::weakly_canonical(file, error);
  if (error) target = file;
  const OwnerKeeper owner(target);
  os::RealFileSystem files;
  const auto folder = files.make_directories(target.parent_path().string());
  if (!folder.has_value()) return fail(AwsProfileErrorCode::io, folder.error().detail);
  struct stat status{};
  if (stat(target.c_str(), &status) == 0) {
    const auto written = os::write_file(files, target.string(), after, status.st_mode & 07777);
    if (!written.has_value()) return fail(AwsProfileErrorCode::io, written.error().detail);
  } else {
    // Nothing of the user's is at stake, and the next start would write it again: no sync, which the start would wait
    // for.
    const auto made = files.open(target.string(), os::OpenMode::create, 0600);
    if (!made.has_value()) return fail(AwsProfileErrorCode::io, made.error().detail);
    const auto written = (*made)->write_at(0, after);
    if (!written.has_value()) return fail(AwsProfileErrorCode::io, written.error().detail);
  }
  owner.restore();
  return true;
}

}  // namespace

std::string edit_profile(std::string_view text, std::string_view section, const std::vector<ProfileKey>& keys) {
  std::vector<std::string> lines = split_lines(text);
  const std::string line_end = !lines.empty() && lines[0].ends_with("\r\n") ? "\r\n" : "\n";
  const auto header =
      std::find_if(lines.begin(), lines.end(), [&](const std::string& line) { return section_of(line) == section; });
  size_t begin = static_cast<size_t>(header - lines.begin()) + 1;
  if (header == lines.end()) {
    if (!lines.empty()) {
      if (!lines.back().ends_with('\n')) lines.back() += line_end;
      if (!strip(lines.back()).empty()) lines.push_back(line_end);
    }
    lines.push_back(fmt::format("[{}]{}", section, line_end));
    begin = lines.size();
  }
  SectionEditor editor(lines, begin, line_end);
  for (const ProfileKey& key : keys) editor.apply(key);
  std::string result;
  for (const std::string& line : lines) result += line;
  return result;
}

AwsProfile make_aws_profile(const Installation& installation, const std::string& region, const std::string& endpoint,
                            bool tls) {
  return {.region = region,
          .endpoint_url = endpoint,
          .ca_bundle = tls ? installation.folder.ca_certificate().string() : "",
          .access_key_id = installation.root_access_key_id,
          .secret_access_key = installation.root_secret_access_key};
}

std::optional<AwsFiles> find_aws_files(const std::map<std::string, std::string>& environment) {
  const auto variable = [&](const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  const std::string home = variable("HOME");
  const auto place = [&](const std::string& name, const std::string& otherwise) -> std::string {
    std::string path = variable(name);
    if (path.empty()) return home.empty() ? "" : home + otherwise;
    if (path.starts_with("~/") && !home.empty()) path = home + path.substr(1);
    return path;
  };
  AwsFiles files{place("AWS_CONFIG_FILE", "/.aws/config"), place("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials")};
  if (files.config.empty() || files.credentials.empty()) return std::nullopt;
  return files;
}

Result<bool, AwsProfileError> write_aws_profile(const AwsFiles& files, const AwsProfile& profile) {
  const bool credentials = TRY(edit_file(files.credentials, kAwsProfileName, credential_keys(profile)));
  const bool config = TRY(edit_file(files.config, config_section(), config_keys(profile)));
  return credentials || config;
}

AwsProfileState find_aws_profile(const AwsFiles& files, const AwsProfile& profile) {
  const auto config = read_text(files.config);
  const auto credentials = read_text(files.credentials);
  if (!config.has_value() || !credentials.has_value()) return AwsProfileState::missing;
  if (!has_section(*config, config_section()) || !has_section(*credentials, kAwsProfileName)) {
    return AwsProfileState::missing;
  }
  const bool same = edit_profile(*config, config_section(), config_keys(profile)) == *config &&
                    edit_profile(*credentials, kAwsProfileName, credential_keys(profile)) == *credentials;
  return same ? AwsProfileState::current : AwsProfileState::stale;
}

}  // namespace aerolith::main_program
