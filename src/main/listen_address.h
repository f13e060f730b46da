// What a text of the setting `listen` means on this machine; resolved and bound as http's listener does it.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>

namespace aerolith::main_program {

struct ListenAddress {
  sockaddr_storage address{};
  socklen_t size = 0;
};

// host:port or [v6]:port; of several addresses of a name the first. Nullopt when it doesn't resolve.
std::optional<ListenAddress> resolve_listen_address(const std::string& text);

// Reached by this machine only.
bool is_loopback(const ListenAddress& where);

// errno of binding a socket of that kind there, 0 when it is free.
int try_bind(const ListenAddress& where, int kind = SOCK_STREAM);

// Whether who listens at `bound` keeps others from `wanted`: the same port, and the same host or a wildcard.
bool is_taken_by(const ListenAddress& wanted, const ListenAddress& bound);

}  // namespace aerolith::main_program
