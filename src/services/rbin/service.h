// The Recycle Bin service: rules that say what is kept for a while when it is deleted.
// https://docs.aws.amazon.com/recyclebin/latest/APIReference/Welcome.html
#pragma once

#include "gateway/service_table.h"
#include "metadata/store.h"

namespace aerolith::rbin {

// The store must outlive the table. The table may be used from any thread.
gateway::ServiceTable make_service(metadata::Store& metadata);

}  // namespace aerolith::rbin
