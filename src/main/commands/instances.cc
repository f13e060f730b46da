// `aerolith ec2 list` and `console`.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>
#include <cstdio>
#include <thread>

#include "base/encoding.h"
#include "main/commands_ec2.h"
#include "main/server_request.h"

namespace aerolith::main_program {
namespace {

constexpr std::chrono::milliseconds kInstancesPoll{300};

using Row = std::array<std::string, 9>;

Row row_of(const boost::json::object& instance) {
  const auto shown = [&](const char* name) {
    std::string text = text_of(instance, name);
    // A tag may hold what a terminal would obey.
    std::ranges::replace_if(text, [](char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0; }, '?');
    return text.empty() ? std::string("-") : text;
  };
  const std::string image = text_of(instance, "image_name");
  return {shown("instance_id"),
          shown("state"),
          shown("type"),
          shown("driver"),
          image.empty() ? shown("image_id") : image,
          shown("private_address"),
          shown("public_address"),
          shown("account_id"),
          shown("name")};
}

void print_table(const std::vector<Row>& rows) {
  std::array<size_t, std::tuple_size_v<Row>> widths{};
  for (const Row& row : rows) {
    for (size_t column = 0; column < row.size(); ++column) {
      widths[column] = std::max(widths[column], row[column].size());
    }
  }
  for (const Row& row : rows) {
    std::string line;
    for (size_t column = 0; column < row.size(); ++column) {
      const bool is_last = column + 1 == row.size();
      line += is_last ? row[column] : fmt::format("{:<{}}  ", row[column], widths[column]);
    }
    fmt::print("{}\n", line);
  }
}

struct ConsolePiece {
  std::string text;
  uint64_t end = 0;
  bool is_over = false;
};

Result<ConsolePiece, std::string> read_piece(const Server& server, const std::string& instance, uint64_t place) {
  const auto answer =
      ask_server(server.state, server.installation,
                 {.target = fmt::format("/_aerolith/console?instance={}&place={}", percent_encode(instance), place)});
  if (!answer.has_value()) return std::unexpected(answer.error());
  const auto text = base64_decode(text_of(*answer, "text"));
  const boost::json::value* end = answer->if_contains("end");
  const boost::json::value* over = answer->if_contains("over");
  boost::system::error_code error;
  const uint64_t number = end != nullptr ? end->to_number<uint64_t>(error) : 0;
  if (!text || end == nullptr || error || over == nullptr || !over->is_bool()) {
    return std::unexpected("the server's answer is no console's");
  }
  return ConsolePiece{.text = *text, .end = number, .is_over = over->get_bool()};
}

}  // namespace

int run_ec2_list(const Invocation& invocation) {
  const auto server = find_server(invocation);
  if (!server.has_value()) return server.error();
  const auto answer = ask_server(server->state, server->installation, {.target = "/_aerolith/instances"});
  if (!answer.has_value()) return report_problem(answer.error());
  if (invocation.output == Output::json) {
    fmt::print("{}\n", boost::json::serialize(*answer));
    return kSuccess;
  }
  const boost::json::value* instances = answer->if_contains("instances");
  if (instances == nullptr || !instances->is_array()) {
    return report_problem("the server's answer has no instances");
  }
  std::vector<Row> rows;
  rows.push_back(Row{"INSTANCE", "STATE", "TYPE", "DRIVER", "IMAGE", "PRIVATE", "PUBLIC", "ACCOUNT", "NAME"});
  for (const boost::json::value& each : instances->get_array()) {
    if (each.is_object()) rows.push_back(row_of(each.get_object()));
  }
  print_table(rows);
  return kSuccess;
}

int run_ec2_console(const Invocation& invocation, const Ec2Options& options) {
  const auto server = find_server(invocation);
  if (!server.has_value()) return server.error();
  uint64_t place = 0;
  while (true) {
    const auto piece = read_piece(*server, options.instance, place);
    if (!piece.has_value()) return report_problem(piece.error());
    place = piece->end;
    std::fwrite(piece->text.data(), 1, piece->text.size(), stdout);
    if (std::fflush(stdout) != 0) return kSuccess;  // nobody reads on
    if (!piece->text.empty()) continue;
    if (!options.follow || piece->is_over) return kSuccess;
    std::this_thread::sleep_for(kInstancesPoll);
  }
}

}  // namespace aerolith::main_program
