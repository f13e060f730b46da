// Asks the running server under /_aerolith/, in the root's name.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <string>

#include "base/result.h"
#include "main/commands.h"
#include "main/installation.h"
#include "main/run_state.h"

namespace aerolith::main_program {

struct ServerRequest {
  std::string method = "GET";
  std::string target;  // "/_aerolith/accounts"
  std::chrono::milliseconds deadline = std::chrono::seconds(60);
};

struct Server {
  Installation installation;
  RunState state;
};
// Of the invocation's data folder. The error is what to end with: it was told.
Result<Server, int> find_server(const Invocation& invocation);

// The server's answer, or what went wrong as a sentence for the user.
Result<boost::json::object, std::string> ask_server(const RunState& state, const Installation& installation,
                                                    const ServerRequest& request);

// Of an answer; empty where it is none.
std::string text_of(const boost::json::object& object, const char* name);

}  // namespace aerolith::main_program
