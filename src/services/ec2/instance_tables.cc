#include "services/ec2/instance_tables.h"

#include <utility>

namespace aerolith::ec2 {

std::string_view name_of(LifeState state) {
  switch (state) {
    case LifeState::pending:
      return "pending";
    case LifeState::running:
      return "running";
    case LifeState::shutting_down:
      return "shutting-down";
    case LifeState::terminated:
      return "terminated";
    case LifeState::stopping:
      return "stopping";
    case LifeState::stopped:
      return "stopped";
  }
  std::unreachable();
}

std::string_view name_of(ModificationState state) {
  switch (state) {
    case ModificationState::modifying:
      return "modifying";
    case ModificationState::optimizing:
      return "optimizing";
    case ModificationState::completed:
      return "completed";
    case ModificationState::failed:
      return "failed";
  }
  std::unreachable();
}

std::string_view name_of(ImageState state) {
  switch (state) {
    case ImageState::available:
      return "available";
    case ImageState::pending:
      return "pending";
    case ImageState::failed:
      return "failed";
    case ImageState::disabled:
      return "disabled";
  }
  std::unreachable();
}

}  // namespace aerolith::ec2
