// Whether QEMU can be told to go past the host's page cache, by io_uring.
#pragma once

namespace aerolith::compute {

// `file`: open. False where its file system takes no O_DIRECT, or where the host doesn't let QEMU's user have io_uring;
// then QEMU works through the page cache, by threads.
bool can_go_direct(int file);

}  // namespace aerolith::compute
