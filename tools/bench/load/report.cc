#include "report.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace aerolith::load {
namespace {

double percentile(std::vector<float>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<size_t>(share * static_cast<double>(sorted.size()));
  return static_cast<double>(sorted[std::min(at, sorted.size() - 1)]);
}

std::string json_of(Tally& tally, double seconds) {
  std::sort(tally.milliseconds.begin(), tally.milliseconds.end());
  const auto count = static_cast<double>(tally.milliseconds.size());
  return fmt::format(
      R"({{"operations": {}, "per_second": {:.2f}, "bytes_per_second": {:.0f}, "items": {}, "items_per_second": {:.1f}, "p50_ms": {:.3f}, "p99_ms": {:.3f}, "max_ms": {:.3f}}})",
      tally.milliseconds.size(), count / seconds, static_cast<double>(tally.bytes) / seconds, tally.items,
      static_cast<double>(tally.items) / seconds, percentile(tally.milliseconds, 0.5),
      percentile(tally.milliseconds, 0.99), percentile(tally.milliseconds, 1));
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text.substr(0, 300)) {
    if (c == '"' || c == '\\') result += '\\';
    result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return result + '"';
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

void Report::merge(Report&& other) {
  for (auto& [kind, tally] : other.kinds) {
    Tally& mine = kinds[kind];
    mine.milliseconds.insert(mine.milliseconds.end(), tally.milliseconds.begin(), tally.milliseconds.end());
    mine.bytes += tally.bytes;
    mine.items += tally.items;
  }
  all_operations += other.all_operations;
  errors += other.errors;
  if (first_error.empty()) first_error = std::move(other.first_error);
}

std::string Report::json(double seconds) {
  Tally all;
  std::string by_kind;
  for (auto& [kind, tally] : kinds) {
    all.milliseconds.insert(all.milliseconds.end(), tally.milliseconds.begin(), tally.milliseconds.end());
    all.bytes += tally.bytes;
    all.items += tally.items;
    fmt::format_to(std::back_inserter(by_kind), "{}\"{}\": {}", by_kind.empty() ? "" : ", ", kind,
                   json_of(tally, seconds));
  }
  return fmt::format(
      R"({{"seconds": {:.3f}, "all": {}, "kinds": {{{}}}, "all_operations": {}, "client_cpu_seconds": {:.2f}, "errors": {}, "first_error": {}}})",
      seconds, json_of(all, seconds), by_kind, all_operations, cpu_seconds(), errors, quoted(first_error));
}

}  // namespace aerolith::load
