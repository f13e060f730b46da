// A volume of any account, read at one moment for whoever keeps this host (`aerolith ebs export`): by way of a snapshot
// that nobody sees, and that goes when it was read. Included by way of api.h.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace aerolith::ec2 {

struct Cloud;

enum class ExportState { pending, completed, failed };
struct ExportProgress {
  ExportState state = ExportState::pending;
  int percent = 0;
  std::string failure;  // a sentence
};

// The errors are sentences for a person. Each change is durable on return.

// -> its snapshot. The volume's one moment is over on return.
aerolith::Result<std::string, std::string> begin_export(Cloud& cloud, const std::string& volume, Timestamp now);
aerolith::Result<ExportProgress, std::string> look_at_export(Cloud& cloud, const std::string& snapshot);
// Fine where it has ended already.
aerolith::Result<void, std::string> end_export(Cloud& cloud, const std::string& snapshot);
// Those that were begun before that time and never ended: who asked for them was killed.
aerolith::Result<void, std::string> end_exports_before(Cloud& cloud, Timestamp time);

}  // namespace aerolith::ec2
