#include "services/s3/ownership.h"

namespace aerolith::s3 {
namespace {

constexpr ObjectOwnership kAll[] = {ObjectOwnership::owner_enforced, ObjectOwnership::owner_preferred,
                                    ObjectOwnership::object_writer};

}  // namespace

std::optional<ObjectOwnership> find_ownership(std::string_view name) {
  for (const ObjectOwnership ownership : kAll) {
    if (ownership_name(ownership) == name) return ownership;
  }
  return std::nullopt;
}

std::string_view ownership_name(ObjectOwnership ownership) {
  switch (ownership) {
    case ObjectOwnership::owner_enforced:
      return "BucketOwnerEnforced";
    case ObjectOwnership::owner_preferred:
      return "BucketOwnerPreferred";
    case ObjectOwnership::object_writer:
      return "ObjectWriter";
    case ObjectOwnership::none:
      break;
  }
  return {};
}

}  // namespace aerolith::s3
