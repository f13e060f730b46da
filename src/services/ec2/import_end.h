// How an import task ends: in one transaction its snapshots, its image and its own end, or nothing of it.
#pragma once

#include "services/ec2/cloud.h"
#include "services/ec2/import_tables.h"

namespace aerolith::ec2 {

// Of a task whose disks are all made; nothing where it isn't active any more. Durable on return.
Result<> complete_import(const Cloud& cloud, const Scope& scope, const std::string& task, Timestamp now);
// Of one that is being deleted, when nothing is left of its disks.
Result<> end_deleted_import(const Cloud& cloud, const Scope& scope, const std::string& task, Timestamp now);

}  // namespace aerolith::ec2
