// Every name in the data folder, made here and nowhere else.
#pragma once

#include <filesystem>

namespace aerolith::main_program {

struct DataFolder {
  std::filesystem::path root;

  std::filesystem::path installation() const { return root / "installation.json"; }
  std::filesystem::path keys() const { return root / "keys"; }
  std::filesystem::path master_key() const { return keys() / "master.key"; }
  std::filesystem::path tls() const { return root / "tls"; }
  std::filesystem::path ca_certificate() const { return tls() / "ca.pem"; }
  std::filesystem::path ca_key() const { return tls() / "ca.key.sealed"; }
  std::filesystem::path server_certificate() const { return tls() / "server.pem"; }
  std::filesystem::path server_key() const { return tls() / "server.key"; }
  std::filesystem::path run() const { return root / "run"; }
  std::filesystem::path installation_lock() const { return run() / "installation.lock"; }
  std::filesystem::path lock() const { return run() / "lock"; }              // held by the server while it lives
  std::filesystem::path start_lock() const { return run() / "start.lock"; }  // held by `up` while it starts one
  std::filesystem::path state() const { return run() / "state"; }            // who holds the lock, and where it listens
  std::filesystem::path log() const { return root / "log"; }
  std::filesystem::path log_file() const { return log() / "aerolith.log"; }
  std::filesystem::path audit() const { return root / "audit"; }
  std::filesystem::path metadata() const { return root / "metadata"; }
  std::filesystem::path metadata_current() const { return metadata() / "CURRENT"; }  // every RocksDB has it
  std::filesystem::path blocks() const { return root / "blocks"; }                   // volumes and snapshots
  std::filesystem::path snapshot_blocks() const { return blocks() / "store"; }       // as blocks/volumes.h has it
  std::filesystem::path images() const { return root / "images"; }  // kernels, and what images are built from
  std::filesystem::path ssh_known_hosts() const { return root / "ssh" / "known_hosts"; }  // of instances, by their ids
  std::filesystem::path objects() const { return root / "objects"; }
};

}  // namespace aerolith::main_program
