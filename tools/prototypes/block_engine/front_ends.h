// Two ways to a disk: vhost-user-blk (a virtual machine's) and a FUSE file (a container's, under a loop device).
#pragma once

#include <memory>
#include <string>

#include "engine.h"

namespace prototype {

// Until the client closes the connection.
void serve_vhost_user(Ring& ring, Disk& disk, const std::string& socket_path);
// Until it is unmounted. `file` is there, and is what is mounted over.
void serve_fuse(Ring& ring, Disk& disk, const std::string& file);

// A disk that another program serves by vhost-user-blk, such as qemu-storage-daemon. What front ends read into and
// write from is memory that both share: no byte is copied on the way.
std::unique_ptr<Disk> connect_vhost_user(Ring& ring, const std::string& socket_path);

}  // namespace prototype
