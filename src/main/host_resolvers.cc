#include "main/host_resolvers.h"

#include <arpa/inet.h>

#include <array>
#include <fstream>
#include <iterator>
#include <sstream>

namespace aerolith::main_program {
namespace {

bool is_address(int family, const std::string& text) {
  std::array<unsigned char, 16> ignored{};
  return ::inet_pton(family, text.c_str(), ignored.data()) == 1;
}

}  // namespace

std::vector<std::string> read_resolvers(std::string_view resolv_conf) {
  std::vector<std::string> found;
  std::istringstream lines{std::string(resolv_conf)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string keyword;
    std::string address;
    if (!(words >> keyword >> address) || keyword != "nameserver") continue;
    if (is_address(AF_INET, address)) found.push_back(address + ":53");
    if (is_address(AF_INET6, address)) found.push_back("[" + address + "]:53");
  }
  return found;
}

std::vector<std::string> host_resolvers() {
  std::ifstream file("/etc/resolv.conf");
  return read_resolvers(std::string(std::istreambuf_iterator<char>(file), {}));
}

}  // namespace aerolith::main_program
