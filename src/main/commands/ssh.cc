// `aerolith ec2 ssh`: the system's ssh, told where the instance is, as whom, and with which key.
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "main/commands_ec2.h"
#include "main/server_request.h"
#include "main/ssh_identity.h"
#include "os/program.h"

namespace aerolith::main_program {
namespace {

namespace fs = std::filesystem;

struct ImageUser {
  std::string_view image;  // how its name begins
  std::string_view user;
};
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/managing-users.html
constexpr std::array<ImageUser, 8> kImageUsers{{{"tiny", "ec2-user"},
                                                {"debian", "admin"},
                                                {"ubuntu", "ubuntu"},
                                                {"al20", "ec2-user"},
                                                {"amzn", "ec2-user"},
                                                {"fedora", "fedora"},
                                                {"rocky", "rocky"},
                                                {"alma", "ec2-user"}}};

struct Target {
  std::string instance;
  std::string address;
  std::string network_namespace;  // to be entered; empty: the host's will do
  std::string user;
  fs::path key_file;  // empty: the agent has it
};

Result<boost::json::object, int> find_instance(const Server& server, const std::string& id) {
  const auto answer = ask_server(server.state, server.installation, {.target = "/_aerolith/instances"});
  if (!answer.has_value()) return std::unexpected(report_problem(answer.error()));
  const boost::json::value* instances = answer->if_contains("instances");
  if (instances == nullptr || !instances->is_array()) {
    return std::unexpected(report_problem("the server's answer has no instances"));
  }
  for (const boost::json::value& each : instances->get_array()) {
    if (each.is_object() && text_of(each.get_object(), "instance_id") == id) return each.get_object();
  }
  return std::unexpected(report_problem(fmt::format("there is no instance {} (`aerolith ec2 list` has all)", id)));
}

Result<void, int> choose_address(const boost::json::object& instance, const Ec2Options& options, Target& target) {
  target.address = text_of(instance, "public_address");
  if (!target.address.empty() && !options.is_private) return {};
  target.address = text_of(instance, "private_address");
  target.network_namespace = text_of(instance, "network_namespace");
  if (::geteuid() == 0) return {};
  return std::unexpected(report_problem(
      fmt::format("{} is reached by its private address {} from within its VPC, which only root may enter: "
                  "sudo aerolith ec2 ssh {}",
                  target.instance, target.address, target.instance)));
}

Result<void, int> choose_user(const boost::json::object& instance, const Ec2Options& options, Target& target) {
  target.user = options.user;
  if (!target.user.empty()) return {};
  const std::string image = text_of(instance, "base_image_name");
  for (const ImageUser& each : kImageUsers) {
    if (image.starts_with(each.image)) target.user = each.user;
  }
  if (!target.user.empty()) return {};
  return std::unexpected(report_problem(
      fmt::format("who logs in to the image {} isn't known: give --user", image.empty() ? "that is gone" : image)));
}

Result<void, int> choose_key(const boost::json::object& instance, const Ec2Options& options, Target& target) {
  std::error_code error;
  if (!options.key_file.empty()) {
    target.key_file = fs::absolute(options.key_file, error);
    if (fs::is_regular_file(target.key_file, error)) return {};
    return std::unexpected(report_problem(fmt::format("{}: there is no such key", options.key_file)));
  }
  const std::string name = text_of(instance, "key_name");
  const std::string public_key = text_of(instance, "public_key");
  if (name.empty()) {
    return std::unexpected(report_problem(
        fmt::format("{} was launched without a key pair: give a key that its image or its user data lets in by -i FILE",
                    target.instance)));
  }
  const char* const home = std::getenv("HOME");
  const fs::path folder = fs::path(home != nullptr ? home : "/root") / ".ssh";
  if (const auto found = find_identity(public_key, folder)) {
    target.key_file = *found;
    return {};
  }
  if (agent_has(public_key)) return {};
  return std::unexpected(report_problem(fmt::format(
      "no key in {} and none of ssh-agent's is that of the key pair {}: give it by -i FILE", folder.string(), name)));
}

// In an option of ssh a percent sign begins a token, and white space ends a file's name outside of quotes.
std::string option_path(const fs::path& path) {
  std::string text = "\"";
  for (const char c : path.string()) text += c == '%' ? std::string("%%") : std::string(1, c);
  return text + "\"";
}

std::vector<std::string> ssh_arguments(const Target& target, const fs::path& known_hosts, const Ec2Options& options) {
  std::vector<std::string> arguments{"ssh"};
  const auto add_option = [&](std::string text) {
    arguments.emplace_back("-o");
    arguments.push_back(std::move(text));
  };
  // An address is soon another instance's, an id never.
  add_option("HostKeyAlias=" + target.instance);
  add_option("UserKnownHostsFile=" + option_path(known_hosts));
  add_option("GlobalKnownHostsFile=/dev/null");
  add_option("StrictHostKeyChecking=accept-new");
  add_option("CheckHostIP=no");
  add_option("HashKnownHosts=no");
  add_option("LogLevel=ERROR");
  if (!target.key_file.empty()) {
    add_option("IdentitiesOnly=yes");
    arguments.emplace_back("-i");
    arguments.push_back(target.key_file.string());
  }
  arguments.push_back(target.user + "@" + target.address);
  if (!options.command.empty()) arguments.emplace_back("--");
  arguments.insert(arguments.end(), options.command.begin(), options.command.end());
  return arguments;
}

int enter_namespace(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 || ::setns(descriptor, CLONE_NEWNET) < 0) {
    return report_problem(fmt::format("the VPC's network can't be entered: {}: {}", path, std::strerror(errno)));
  }
  ::close(descriptor);
  return kSuccess;
}

}  // namespace

int run_ec2_ssh(const Invocation& invocation, const Ec2Options& options) {
  const auto server = find_server(invocation);
  if (!server.has_value()) return server.error();
  const auto instance = find_instance(*server, options.instance);
  if (!instance.has_value()) return instance.error();
  if (const std::string state = text_of(*instance, "state"); state != "running") {
    return report_problem(fmt::format("{} is {}, not running", options.instance, state));
  }
  Target target{.instance = options.instance};
  for (const auto choose : {choose_user, choose_key, choose_address}) {
    if (const auto chosen = choose(*instance, options, target); !chosen.has_value()) return chosen.error();
  }
  const std::string program = os::find_program("ssh");
  if (program.empty()) return report_problem("ssh is missing: apt-get install openssh-client");
  std::error_code error;
  const fs::path known_hosts = fs::absolute(invocation.folder().ssh_known_hosts(), error);
  fs::create_directories(known_hosts.parent_path(), error);
  if (error) return report_problem(fmt::format("{}: {}", known_hosts.parent_path().string(), error.message()));
  if (!target.network_namespace.empty()) {
    if (const int code = enter_namespace(target.network_namespace); code != kSuccess) return code;
  }
  std::vector<std::string> words = ssh_arguments(target, known_hosts, options);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(program.c_str(), arguments.data());
  return report_problem(fmt::format("{} can't be run: {}", program, std::strerror(errno)));
}

}  // namespace aerolith::main_program
