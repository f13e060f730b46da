// Rows of the table: imports of disks.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
#include "ec2/operations/cancel_import_task.h"
#include "ec2/operations/describe_import_image_tasks.h"
#include "ec2/operations/describe_import_snapshot_tasks.h"
#include "ec2/operations/import_image.h"
#include "ec2/operations/import_snapshot.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/rows.h"

namespace aerolith::ec2 {
namespace {

// Of one kind or the other.
std::vector<gateway::AccessNeed> needs_of_cancelling(const gateway::CallContext& context, const void* input) {
  const std::string task = static_cast<const CancelImportTaskInput*>(input)->import_task_id.value_or("");
  const bool is_snapshot_s = kind_of_id(task) == Kind::import_snapshot_task;
  const Kind kind = is_snapshot_s ? Kind::import_snapshot_task : Kind::import_image_task;
  return {{.action = "ec2:CancelImportTask", .resource = make_arn(scope_of(context), kind, task.empty() ? "*" : task)}};
}

}  // namespace

void add_import_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<ec2::cancel_import_task>(cancel_import_task, "ec2:CancelImportTask", existing(Kind::import_image_task))
      .needs = needs_of_cancelling;
  table.row<ec2::describe_import_image_tasks>(describe_import_image_tasks, "ec2:DescribeImportImageTasks", kAnything);
  table.row<ec2::describe_import_snapshot_tasks>(describe_import_snapshot_tasks, "ec2:DescribeImportSnapshotTasks",
                                                 kAnything);
  table.row<ec2::import_image>(import_image, "ec2:ImportImage", making(Kind::import_image_task),
                               {making(Kind::image), existing(Kind::snapshot)});
  table.row<ec2::import_snapshot>(import_snapshot, "ec2:ImportSnapshot", making(Kind::import_snapshot_task),
                                  {making(Kind::snapshot)});
}

}  // namespace aerolith::ec2
