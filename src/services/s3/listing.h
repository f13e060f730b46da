// One page of a listing, as pure logic over names in byte order: prefix, delimiter, markers, limits.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "services/s3/errors.h"

namespace aerolith::s3 {

// Names in byte order; a name may come several times (uploads of one key). Starts before the first.
class NameSource {
 public:
  virtual ~NameSource() = default;
  // Steps to the next name; false at the end.
  virtual Result<bool> next() = 0;
  virtual std::string_view name() const = 0;
  // The next name is the first one that is greater than `name`.
  virtual void seek_after(std::string_view name) = 0;
  // The next name is the first one at or after `name`.
  virtual void seek(std::string_view name) = 0;
  // The next name is the first one beyond all that start with `prefix`.
  virtual void seek_past_prefix(std::string_view prefix) = 0;
};

struct PageRequest {
  std::string_view prefix;
  std::string_view delimiter;  // empty: none
  // Only names after this one. A common prefix, or a name inside one, leaves out all that the prefix stands for.
  std::string_view after;
  // The source stands at the right place already (inside the names equal to `after`); `after` only tells
  // which common prefix to leave out.
  bool is_positioned = false;
  size_t limit = 1000;  // names and common prefixes together
};

struct Page {
  size_t count = 0;
  bool is_truncated = false;
  // The last name or common prefix given: `after` of the next page.
  std::string last;
};

// Calls visit_name for each name (the source stands on it) and visit_prefix for each common prefix, in order.
Result<Page> list_page(const PageRequest& request, NameSource& source, const std::function<Result<>()>& visit_name,
                       const std::function<void(std::string prefix)>& visit_prefix);

}  // namespace aerolith::s3
