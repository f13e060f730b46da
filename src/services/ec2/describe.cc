#include "services/ec2/describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/encoding.h"

namespace aerolith::ec2 {
namespace {
constexpr std::string_view kTokenPrefix = "1:";
}

std::string make_token(std::string_view last) { return base64_encode(std::string(kTokenPrefix) + std::string(last)); }

Result<std::string> read_token(const std::optional<std::string>& token) {
  if (!token || token->empty()) return std::string();
  const auto text = base64_decode(*token);
  if (!text || !text->starts_with(kTokenPrefix)) {
    return errors::of("InvalidNextToken", fmt::format("The token '{}' is invalid", *token));
  }
  return text->substr(kTokenPrefix.size());
}

Result<bool> TagWalk::reach(const std::string& id) {
  if (ended_ || (on_row_ && current() >= id)) return !ended_;
  // Mostly it is the next one.
  const bool stepped = on_row_ && TRY(rows_.next());
  if (!stepped || current() < id) {
    rows_.seek(scope_.account, scope_.region, id);
    ended_ = !TRY(rows_.next());
  }
  on_row_ = !ended_;
  return on_row_;
}

Result<TagMap> TagWalk::of(const std::string& id) {
  if (!TRY(reach(id)) || current() != id) return TagMap();
  return TRY(rows_.record()).tags;
}

Result<> check_max_results(std::optional<int32_t> given, int32_t least, int32_t most) {
  if (!given || (*given >= least && *given <= most)) return {};
  return errors::invalid_parameter(
      fmt::format("Value ( {} ) for parameter maxResults is invalid. Expecting a value {} than {}.", *given,
                  *given < least ? "greater" : "less", *given < least ? least : most));
}

std::unexpected<CallError> not_found_all(Kind kind, const std::vector<std::string>& ids) {
  if (ids.size() == 1) return errors::not_found(kind, ids.front());
  const std::string all = fmt::format("{}", fmt::join(ids, ", "));
  if (kind == Kind::instance) {
    return errors::of(info(kind).not_found_code, fmt::format("The instance IDs '{}' do not exist", all));
  }
  if (kind == Kind::image) {
    return errors::of(info(kind).not_found_code, fmt::format("The image ids '[{}]' do not exist", all));
  }
  if (kind == Kind::flow_log) {
    return errors::of(info(kind).not_found_code,
                      fmt::format("These flow log ids in the input list are not found: [TotalCount: {}] {}", ids.size(),
                                  fmt::join(ids, " ")));
  }
  return errors::not_found(kind, all);
}

}  // namespace aerolith::ec2
