#include <algorithm>
#include <array>

#include "ec2/operations/describe_import_image_tasks.h"
#include "ec2/operations/describe_import_snapshot_tasks.h"
#include "services/ec2/describe.h"
#include "services/ec2/imports.h"
#include "services/ec2/operations/operations.h"

namespace aerolith::ec2 {
namespace {

using ImportFilter = FilterDefinition<ImportRecord>;

constexpr std::array kImportFilters{
    ImportFilter{
        "task-state",
        [](const Lookup&, const ImportRecord& r) -> Result<Strings> { return Strings{std::string(name_of(r.state))}; }},
};

// Those that are told of still: a page may be shorter than was asked for.
template <typename Input>
Result<Page<ImportRecord>> find_page(Call& call, const Resources<ImportRecord>& table, const Input& input) {
  TRY(check_max_results(input.max_results, 1, 1000));
  const auto txn = call.read();
  auto page = TRY(describe<ImportRecord>(*txn, call.scope, table, kImportFilters,
                                         {input.import_task_ids, input.filters, input.max_results, input.next_token}));
  std::erase_if(page.items, [&](const Tagged<ImportRecord>& each) {
    return each.record.is_over() && call.context.now - each.record.ended_at > kImportsAreTold;
  });
  return page;
}

}  // namespace

Result<DescribeImportImageTasksOutput> describe_import_image_tasks(Call& call,
                                                                   const DescribeImportImageTasksInput& input) {
  const auto page = TRY(find_page(call, kImageImports, input));
  DescribeImportImageTasksOutput output{.import_image_tasks = std::vector<ImportImageTask>(),
                                        .next_token = page.next_token};
  for (const auto& [task, tags] : page.items) output.import_image_tasks->push_back(to_image_task(task, tags));
  return output;
}

Result<DescribeImportSnapshotTasksOutput> describe_import_snapshot_tasks(
    Call& call, const DescribeImportSnapshotTasksInput& input) {
  const auto page = TRY(find_page(call, kSnapshotImports, input));
  DescribeImportSnapshotTasksOutput output{.import_snapshot_tasks = std::vector<ImportSnapshotTask>(),
                                           .next_token = page.next_token};
  for (const auto& [task, tags] : page.items) output.import_snapshot_tasks->push_back(to_snapshot_task(task, tags));
  return output;
}

}  // namespace aerolith::ec2
