#include "services/s3/listing.h"

namespace aerolith::s3 {
namespace {

// What `name` is rolled up to: up to and with the first delimiter after the prefix; empty when there is none.
std::string_view common_prefix(const PageRequest& request, std::string_view name) {
  if (request.delimiter.empty() || !name.starts_with(request.prefix)) return {};
  size_t at = name.find(request.delimiter, request.prefix.size());
  return at == std::string_view::npos ? std::string_view() : name.substr(0, at + request.delimiter.size());
}

void position(const PageRequest& request, NameSource& source) {
  std::string_view group = common_prefix(request, request.after);
  if (!group.empty()) {
    source.seek_past_prefix(group);
  } else if (request.is_positioned) {
    return;
  } else if (request.after >= request.prefix && !request.after.empty()) {
    source.seek_after(request.after);
  } else {
    source.seek(request.prefix);
  }
}

}  // namespace

Result<Page> list_page(const PageRequest& request, NameSource& source, const std::function<Result<>()>& visit_name,
                       const std::function<void(std::string prefix)>& visit_prefix) {
  Page page;
  if (request.limit == 0) return page;
  position(request, source);
  while (TRY(source.next())) {
    if (!source.name().starts_with(request.prefix)) break;
    if (page.count == request.limit) {
      page.is_truncated = true;
      break;
    }
    ++page.count;
    std::string_view group = common_prefix(request, source.name());
    if (group.empty()) {
      page.last = source.name();
      TRY(visit_name());
    } else {
      page.last = group;
      source.seek_past_prefix(page.last);
      visit_prefix(page.last);
    }
  }
  return page;
}

}  // namespace aerolith::s3
