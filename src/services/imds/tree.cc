#include "services/imds/tree.h"

#include "base/encoding.h"

namespace aerolith::imds {

const std::string* Tree::find_file(std::string_view path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : &found->second;
}

std::optional<std::string> Tree::list(std::string_view folder) const {
  std::string prefix(folder);
  if (!prefix.empty()) prefix += '/';
  std::string names;
  std::string_view last;
  for (auto file = files_.lower_bound(prefix); file != files_.end(); ++file) {
    if (!file->first.starts_with(prefix)) break;
    const std::string_view rest = std::string_view(file->first).substr(prefix.size());
    const size_t slash = rest.find('/');
    const std::string_view name = rest.substr(0, slash == std::string_view::npos ? rest.size() : slash + 1);
    if (name == last) continue;
    if (!names.empty()) names += '\n';
    names += name;
    last = name;
  }
  if (last.empty()) return std::nullopt;
  return names;
}

std::optional<std::string> normal_path(std::string_view path) {
  std::string normal;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const auto part = percent_decode(path.substr(0, end));
    if (!part) return std::nullopt;
    if (!part->empty() && !normal.empty()) normal += '/';
    normal += *part;
    path.remove_prefix(std::min(path.size(), end + 1));
  }
  return normal;
}

}  // namespace aerolith::imds
