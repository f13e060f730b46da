// The instance types: what each has.
// https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-specs.html
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace aerolith::ec2 {

struct TypeFacts {
  std::string_view name;
  int32_t vcpus = 2;
  int32_t memory_mib = 0;
  int32_t threads_per_core = 2;
  int32_t max_interfaces = 2;
  int32_t addresses_per_interface = 2;
  bool current_generation = true;

  int32_t cores() const { return vcpus / threads_per_core; }
  std::string_view family() const { return name.substr(0, name.find('.')); }
  bool is_burstable() const { return name.starts_with("t"); }
  bool is_xen() const { return family() == "t2"; }
  // What an instance has that is launched without a word about it; empty: it isn't burstable.
  std::string_view usual_credits() const { return !is_burstable() ? "" : is_xen() ? "standard" : "unlimited"; }
};

std::span<const TypeFacts> instance_types();
const TypeFacts* find_instance_type(std::string_view name);

}  // namespace aerolith::ec2
