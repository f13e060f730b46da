#include "network/test_tap.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstring>

#include "network/host.h"
#include "os/program.h"

namespace aerolith::network {

bool can_have_taps() { return !os::find_program("dnsmasq").empty() && ::access("/dev/net/tun", F_OK) == 0; }

int open_tap(const std::string& path, const std::string& name) {
  int descriptor = -1;
  const auto opened = inside(path, [&]() -> Result<> {
    descriptor = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
    if (descriptor < 0 || ::ioctl(descriptor, TUNSETIFF, &request) == 0) return {};
    ::close(descriptor);
    descriptor = -1;
    return {};
  });
  return opened ? descriptor : -1;
}

}  // namespace aerolith::network
