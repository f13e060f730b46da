// `aerolith image`: files are made and fetched by this process, so that it can be seen and ended; the server takes in
// what is whole.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <optional>

#include "base/encoding.h"
#include "base/random.h"
#include "compute/debian_image.h"
#include "compute/tiny_image.h"
#include "gateway/admin.h"
#include "main/commands.h"
#include "main/image_download.h"
#include "main/run_state.h"
#include "main/server_request.h"
#include "main/waiting.h"

namespace aerolith::main_program {
namespace {

namespace fs = std::filesystem;

constexpr auto kImageImportPatience = std::chrono::hours(2);
constexpr std::string_view kTiny = "tiny";
constexpr std::string_view kDebian = "debian-12";

std::string query_of(const gateway::NewImage& image) {
  std::string query;
  for (const auto& [name, value] : {std::pair<const char*, const std::string&>{"name", image.name},
                                    {"description", image.description},
                                    {"file", image.file},
                                    {"driver", image.driver},
                                    {"kernel", image.kernel},
                                    {"initramfs", image.initramfs},
                                    {"kernel_arguments", image.kernel_arguments}}) {
    if (!value.empty()) query += fmt::format("{}{}={}", query.empty() ? "?" : "&", name, percent_encode(value));
  }
  return query;
}

int hand_over(const Invocation& invocation, const Server& server, Waiting& waiting, const gateway::NewImage& image) {
  waiting.step("handing it to the server");
  const auto answer =
      ask_server(server.state, server.installation,
                 {.method = "POST", .target = "/_aerolith/images" + query_of(image), .deadline = kImageImportPatience});
  if (!answer.has_value()) return report_problem(answer.error());
  if (invocation.output == Output::json) {
    fmt::print("{}\n", boost::json::serialize(*answer));
  } else {
    fmt::print("{}  {}\n", text_of(*answer, "image_id"), text_of(*answer, "name"));
  }
  return kSuccess;
}

void warn_without_kernel(const std::string& why) {
  if (!why.empty()) report_problem(fmt::format("it boots in containers only: {}", why));
}

Result<gateway::NewImage, std::string> build_tiny(const DataFolder& folder, Waiting& waiting) {
  waiting.step("building tiny");
  auto image = compute::build_tiny_image(
      {.folder = (folder.images() / kTiny).string(), .kernel_folder = (folder.images() / "kernel").string()});
  if (!image.has_value()) return std::unexpected(image.error().detail);
  warn_without_kernel(image->without_kernel);
  return gateway::NewImage{.name = std::string(kTiny),
                           .description = "busybox, dropbear and a first-boot agent; user ec2-user",
                           .file = image->root,
                           .driver = image->kernel.empty() ? "container" : "",
                           .kernel = image->kernel,
                           .initramfs = image->initramfs,
                           .kernel_arguments = image->kernel_arguments};
}

Result<gateway::NewImage, std::string> build_debian(const DataFolder& folder, Waiting& waiting) {
  auto image = compute::build_debian_image({.folder = (folder.images() / kDebian).string(),
                                            .kernel_folder = (folder.images() / "kernel").string(),
                                            .ca_certificate = folder.ca_certificate().string(),
                                            .on_step = [&](std::string_view step) { waiting.step(step); }});
  if (!image.has_value()) return std::unexpected(image.error().detail);
  warn_without_kernel(image->without_kernel);
  return gateway::NewImage{.name = std::string(kDebian),
                           .description = "Debian 12 with systemd and cloud-init; user admin",
                           .file = image->root,
                           .driver = image->kernel.empty() ? "container" : "",
                           .kernel = image->kernel,
                           .initramfs = image->initramfs,
                           .kernel_arguments = image->kernel_arguments};
}

}  // namespace

int run_image_build(const Invocation& invocation, const ImageOptions& options) {
  // First, so that nobody waits in vain.
  const auto server = find_server(invocation);
  if (!server.has_value()) return server.error();
  Waiting waiting(invocation.output == Output::json);
  const DataFolder folder{fs::absolute(invocation.folder().root)};
  const auto image = options.name == kTiny ? build_tiny(folder, waiting) : build_debian(folder, waiting);
  if (!image.has_value()) return report_problem(image.error());
  const int code = hand_over(invocation, *server, waiting, *image);
  std::error_code ignored;
  fs::remove(image->file, ignored);  // the server has its copy
  return code;
}

int run_image_import(const Invocation& invocation, const ImageOptions& options) {
  const auto server = find_server(invocation);
  if (!server.has_value()) return server.error();
  std::error_code error;
  const fs::path file = fs::canonical(options.source, error);
  if (error) return report_problem(fmt::format("{}: {}", options.source, error.message()));
  Waiting waiting(invocation.output == Output::json);
  return hand_over(
      invocation, *server, waiting,
      {.name = options.name, .description = options.description, .file = file.string(), .driver = options.driver});
}

int run_image_pull(const Invocation& invocation, const ImageOptions& options) {
  const auto published = find_published_image(options.source);
  const bool is_url = options.source.starts_with("https://") || options.source.starts_with("http://");
  if (!published && !is_url) {
    return report_problem(fmt::format("no image is known as {}: give a URL, --sha512 and --name", options.source),
                          kWrongUsage);
  }
  if (is_url && (options.sha512.empty() || options.name.empty())) {
    return report_problem("an image from a URL needs --sha512 and --name", kWrongUsage);
  }
  const auto server = find_server(invocation);
  if (!server.has_value()) return server.error();
  Waiting waiting(invocation.output == Output::json);
  std::string sha512 = options.sha512;
  if (sha512.empty()) {
    waiting.step("fetching its checksum");
    auto sum = published_sha512(*published);
    if (!sum.has_value()) return report_problem(sum.error());
    sha512 = *std::move(sum);
  }
  const DataFolder folder{fs::absolute(invocation.folder().root)};
  std::error_code ignored;
  fs::create_directories(folder.images(), ignored);
  const std::string url = published ? std::string(published->url) : options.source;
  const std::string file = (folder.images() / ("pull-" + random_hex(8))).string();
  waiting.step("fetching " + url);
  if (const auto fetched = download_checked(url, sha512, file); !fetched.has_value()) {
    return report_problem(fetched.error());
  }
  std::string description = options.description;
  if (description.empty() && published) description = published->description;
  const int code = hand_over(invocation, *server, waiting,
                             {.name = options.name.empty() ? options.source : options.name,
                              .description = description,
                              .file = file,
                              .driver = options.driver});
  fs::remove(file, ignored);
  return code;
}

int run_image_list(const Invocation& invocation) {
  const auto server = find_server(invocation);
  if (!server.has_value()) return server.error();
  const auto answer = ask_server(server->state, server->installation, {.target = "/_aerolith/images"});
  if (!answer.has_value()) return report_problem(answer.error());
  if (invocation.output == Output::json) {
    fmt::print("{}\n", boost::json::serialize(*answer));
    return kSuccess;
  }
  const boost::json::value* images = answer->if_contains("images");
  if (images == nullptr || !images->is_array()) return report_problem("the server's answer has no images");
  for (const boost::json::value& one : images->get_array()) {
    if (!one.is_object()) continue;
    const boost::json::object& image = one.get_object();
    fmt::print("{}  {:<16}  {:<9}  {}\n", text_of(image, "image_id"), text_of(image, "name"), text_of(image, "driver"),
               text_of(image, "description"));
  }
  return kSuccess;
}

}  // namespace aerolith::main_program
