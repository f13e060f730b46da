#include "services/ec2/tags.h"

#include <fmt/format.h>

#include <array>

#include "ec2/operations/create_tags.h"
#include "ec2/operations/delete_tags.h"
#include "ec2/operations/describe_tags.h"
#include "services/ec2/describe.h"
#include "services/ec2/existence.h"
#include "services/ec2/operations/operations.h"

namespace aerolith::ec2 {
namespace {

constexpr size_t kMaxResources = 1000;

// A row of DescribeTags.
struct TagRow {
  std::string resource;
  std::string type;
  std::string key;
  std::string value;
};

using TagFilter = FilterDefinition<TagRow>;
constexpr std::array kTagFilters{
    TagFilter{"key", [](const Lookup&, const TagRow& r) -> Result<Strings> { return Strings{r.key}; }},
    TagFilter{"value", [](const Lookup&, const TagRow& r) -> Result<Strings> { return Strings{r.value}; }},
    TagFilter{"resource-id", [](const Lookup&, const TagRow& r) -> Result<Strings> { return Strings{r.resource}; }},
    TagFilter{"resource-type", [](const Lookup&, const TagRow& r) -> Result<Strings> { return Strings{r.type}; }},
};

Result<std::vector<TagRow>> rows_of(const std::string& resource, const TagMap& tags, const FilterList& filters,
                                    const Lookup& lookup) {
  const auto kind = kind_of_id(resource);
  std::vector<TagRow> result;
  for (const auto& [key, value] : tags) {
    TagRow row{.resource = resource, .type = std::string(kind ? info(*kind).type : ""), .key = key, .value = value};
    if (TRY(matches<TagRow>(filters, kTagFilters, lookup, row, {{key, value}}))) result.push_back(std::move(row));
  }
  return result;
}

Result<> check_resources(const std::optional<Strings>& ids) {
  if (!ids || ids->empty()) return errors::missing_parameter("resourceIdSet");
  if (ids->size() > kMaxResources) return errors::invalid_parameter("At most 1000 resources in one call.");
  return {};
}

}  // namespace

Result<NoOutput> create_tags(Call& call, const CreateTagsInput& input) {
  TRY(check_resources(input.resources));
  if (!input.tags || input.tags->empty()) return errors::missing_parameter("tagSet");
  TRY(check_tags(*input.tags));
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    for (const std::string& id : *input.resources) {
      TRY(require_existing(txn, call.scope, id));
      TagMap tags = TRY(tags_of(txn, call.scope, id));
      for (const Tag& tag : *input.tags) tags[*tag.key] = tag.value.value_or("");
      if (tags.size() > kMaxTags) {
        return errors::of("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.");
      }
      put_tags(txn, call.scope, id, tags);
    }
    return {};
  }));
  return NoOutput{};
}

// A tag without a value goes whatever its value is; with one, only if it is that.
Result<NoOutput> delete_tags(Call& call, const DeleteTagsInput& input) {
  TRY(check_resources(input.resources));
  if (input.tags) TRY(check_tags(*input.tags));
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    for (const std::string& id : *input.resources) {
      TRY(require_existing(txn, call.scope, id));
      TagMap tags = TRY(tags_of(txn, call.scope, id));
      if (!input.tags || input.tags->empty()) {
        std::erase_if(tags, [](const auto& entry) { return !entry.first.starts_with("aws:"); });
      } else {
        for (const Tag& tag : *input.tags) {
          const auto found = tags.find(tag.key.value_or(""));
          if (found != tags.end() && (!tag.value || *tag.value == found->second)) tags.erase(found);
        }
      }
      put_tags(txn, call.scope, id, tags);
    }
    return {};
  }));
  return NoOutput{};
}

Result<DescribeTagsOutput> describe_tags(Call& call, const DescribeTagsInput& input) {
  TRY(check_filters<TagRow>(input.filters, kTagFilters));
  TRY(check_max_results(input.max_results, 5, 1000));
  // "resource key": where the page before ended.
  const std::string after = TRY(read_token(input.next_token));
  const std::string after_resource(after.begin(), std::ranges::find(after, ' '));
  const size_t limit = input.max_results ? static_cast<size_t>(*input.max_results) : SIZE_MAX;
  const auto txn = call.read();
  const Lookup lookup{.txn = *txn, .scope = call.scope};
  DescribeTagsOutput output{.tags = std::vector<TagDescription>()};
  auto rows = kTags.scan(*txn, metadata::Direction::forward, call.scope.account, call.scope.region);
  if (!after.empty()) rows.seek(call.scope.account, call.scope.region, after_resource);
  while (TRY(rows.next())) {
    const std::string& resource = std::get<2>(rows.key());
    for (TagRow& row : TRY(rows_of(resource, TRY(rows.record()).tags, input.filters, lookup))) {
      if (row.resource == after_resource && row.resource + " " + row.key <= after) continue;
      if (output.tags->size() == limit) {
        output.next_token = make_token(*output.tags->back().resource_id + " " + *output.tags->back().key);
        return output;
      }
      output.tags->push_back({.key = std::move(row.key),
                              .resource_id = std::move(row.resource),
                              .resource_type = std::move(row.type),
                              .value = std::move(row.value)});
    }
  }
  return output;
}

}  // namespace aerolith::ec2
