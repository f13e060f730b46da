// aerolith-load: what `make bench` loads servers with. One thread and one connection a client, closed loop.

#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <list>
#include <thread>
#include <vector>

#include "client.h"

namespace aerolith::load {
namespace {

// The objects as plain files, for a server of static files.
void write_files(const Run& run) {
  const Options& options = run.options;
  for (uint64_t i = 0; i < options.count; ++i) {
    const uint64_t number = options.first + i;
    const auto path = std::filesystem::path(options.folder) / options.bucket / key_of(options.prefix, number);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary);
    file << run.bodies.body(number);
    file.close();
    if (!file) throw std::runtime_error("can't write " + path.string());
  }
}

int run_all(const Options& options) {
  Run run(options);
  if (options.operation == Operation::files) {
    write_files(run);
    return 0;
  }
  std::list<Client> clients;
  for (unsigned i = 0; i < options.clients; ++i) clients.emplace_back(run, i);
  const auto seconds = [](double count) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(count));
  };
  run.measured_from = Clock::now() + seconds(options.warm_seconds);
  run.deadline = run.measured_from + seconds(options.seconds);
  std::vector<std::jthread> threads;
  for (Client& client : clients) threads.emplace_back([&client] { client.work(); });
  for (std::jthread& thread : threads) thread.join();
  const auto ended = std::min(Clock::now(), run.deadline);
  Report report;
  for (Client& client : clients) report.merge(std::move(client.report()));
  fmt::print("{}\n", report.json(std::chrono::duration<double>(ended - run.measured_from).count()));
  return 0;
}

}  // namespace
}  // namespace aerolith::load

int main(int argument_count, char** arguments) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a bench that is killed leaves no load behind
  try {
    return aerolith::load::run_all(aerolith::load::parse_options(argument_count, arguments));
  } catch (const std::exception& error) {
    fmt::print(stderr, "aerolith-load: {}\n", error.what());
    return 1;
  }
}
