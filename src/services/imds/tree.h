// Files by their path, and folders that are there because something is under them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace aerolith::imds {

class Tree {
 public:
  void add(std::string path, std::string content) { files_.insert_or_assign(std::move(path), std::move(content)); }
  const std::string* find_file(std::string_view path) const;
  // What is in a folder, a name a line, in order, folders with a slash at their end. "" is the root; a path is given
  // without slashes at its ends. Nullopt: there is no such folder.
  std::optional<std::string> list(std::string_view folder) const;

 private:
  std::map<std::string, std::string, std::less<>> files_;
};

// "//latest/meta-data/" -> "latest/meta-data", escapes undone; nullopt for what isn't escaped right.
std::optional<std::string> normal_path(std::string_view path);

}  // namespace aerolith::imds
