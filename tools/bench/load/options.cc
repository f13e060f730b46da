#include "options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>

namespace aerolith::load {
namespace {

std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

}  // namespace

Options parse_options(int argument_count, char** arguments) {
  const std::map<std::string, Operation> operations{{"put", Operation::put},     {"get", Operation::get},
                                                    {"mixed", Operation::mixed}, {"multipart", Operation::multipart},
                                                    {"list", Operation::list},   {"remove", Operation::remove},
                                                    {"files", Operation::files}};
  Options options;
  CLI::App app(
      "Load for S3 servers on this machine; prints one JSON object. Keys come from AWS_ACCESS_KEY_ID and "
      "AWS_SECRET_ACCESS_KEY; without them requests aren't signed.");
  app.add_option("operation", options.operation, "put, get, mixed, multipart, list, remove, files")
      ->required()
      ->transform(CLI::CheckedTransformer(operations));
  app.add_option("--port", options.port, "where the server listens on 127.0.0.1");
  app.add_option("--bucket", options.bucket, "it must be there");
  app.add_option("--prefix", options.prefix, "of all keys");
  app.add_option("--folder", options.folder, "files: writes the objects there as plain files");
  app.add_option("--size", options.size_bytes, "bytes of an object");
  app.add_option("--part", options.part_bytes, "bytes of a part");
  app.add_option("--first", options.first, "number of the first object");
  app.add_option("--count", options.count, "objects to write or remove (0: until the time is over), or that are there");
  app.add_option("--step", options.step, "remove: only every step-th")->check(CLI::PositiveNumber);
  app.add_option("--clients", options.clients, "connections, each with one request at a time")
      ->check(CLI::Range(1, 1024));
  app.add_option("--seconds", options.seconds, "measured time; with a count, the longest");
  app.add_option("--warm", options.warm_seconds, "seconds before that, not measured");
  try {
    app.parse(argument_count, arguments);
    const bool reads = options.operation == Operation::get || options.operation == Operation::mixed;
    if (reads && options.count == 0) throw CLI::ValidationError("--count", "how many objects are there?");
    if (options.operation == Operation::mixed && options.count < options.clients)
      throw CLI::ValidationError("--count", "at least one object a client");
    if (options.port == 0 && options.operation != Operation::files) throw CLI::RequiredError("--port");
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  options.credentials = {variable("AWS_ACCESS_KEY_ID", ""), variable("AWS_SECRET_ACCESS_KEY", ""),
                         variable("AWS_REGION", "us-east-1")};
  return options;
}

}  // namespace aerolith::load
