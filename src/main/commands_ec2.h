// The commands of `aerolith ec2` and `aerolith ebs`: instances and snapshots of all accounts, on the host that has
// them.
#pragma once

#include <string>
#include <vector>

#include "main/commands.h"

namespace aerolith::main_program {

struct Ec2Options {
  std::string instance;
  bool follow = false;
  // Of `ssh`.
  std::string user;                  // empty: the image's
  std::string key_file;              // empty: one of ~/.ssh that is the instance's key pair's
  bool is_private = false;           // by the private address, also where there is a public one
  std::vector<std::string> command;  // empty: a login
};
int run_ec2_list(const Invocation& invocation);
// Ends as ssh does: it takes this process over.
int run_ec2_ssh(const Invocation& invocation, const Ec2Options& options);
int run_ec2_console(const Invocation& invocation, const Ec2Options& options);

struct EbsOptions {
  std::string source;          // of `export`: a snapshot or a volume
  std::string file;            // to write, empty or "-": standard output; to import, "-": standard input
  std::string format = "raw";  // or qcow2
  std::string description;     // of `import`, as is:
  std::string account;         // whose it will be; empty: the installation's first
};
// Reads the data folder. A server that runs is asked for a volume's bytes, which it may be writing.
int run_ebs_export(const Invocation& invocation, const EbsOptions& options);
int run_ebs_import(const Invocation& invocation, const EbsOptions& options);

}  // namespace aerolith::main_program
