#include "compute/apt_settings.h"

#include <algorithm>
#include <sstream>

namespace aerolith::compute {

std::vector<std::string> proxies_in(std::string_view dump) {
  std::vector<std::string> proxies;
  std::istringstream lines{std::string(dump)};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("Acquire::http")) continue;
    const std::string name = line.substr(0, line.find(' '));
    if (name.find("::Proxy") == std::string::npos || line.ends_with(" \"\";")) continue;
    proxies.push_back(line);
  }
  return proxies;
}

std::vector<std::string> archives_in(std::string_view targets, std::string_view suite) {
  std::vector<std::string> archives;
  std::istringstream lines{std::string(targets)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string origin;
    std::string codename;
    std::string component;
    std::string site;
    std::string release;
    words >> origin >> codename >> component >> site >> release;
    const bool is_of_suite = codename == suite || codename.starts_with(std::string(suite) + "-");
    // By HTTP alone: what another scheme needs (a folder of the host's, a transport of apt's) a guest hasn't.
    if (origin != "Debian" || !is_of_suite || component != "main" || !site.starts_with("http")) continue;
    std::string archive = "deb " + site + " " + release + " main";
    if (std::ranges::find(archives, archive) == archives.end()) archives.push_back(std::move(archive));
  }
  return archives;
}

}  // namespace aerolith::compute
