// What a namespace has now, as ip(8) tells it.
#pragma once

#include <map>
#include <string>

#include "network/layout.h"

namespace aerolith::network {

struct Device {
  int index = 0;
  int peer_index = 0;  // of a veth whose other end is in another namespace
  std::string kind;    // veth, tun
  std::string owner;   // of a tap: user's name, or number where it has none
  std::string mac;
  bool is_up = false;
};
struct KernelState {
  std::map<std::string, Device> devices;
  // Of what is made by us: no local table, nothing that the kernel made by itself, IPv4 only, permanent neighbours.
  KernelTables tables;
};

// Of the namespace of the calling thread.
Result<KernelState> read_kernel_state();

// From the answers to these questions.
std::vector<std::string> kernel_questions();
Result<KernelState> parse_kernel_state(std::string_view answers);

}  // namespace aerolith::network
