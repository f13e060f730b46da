// The table of this service: a row for each operation, with its handler, its IAM action and what it acts on.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
#include "services/s3control/service.h"

#include "s3control/model.h"
#include "s3control/operations.h"
#include "services/s3control/public_access_block.h"

namespace aerolith::s3control {
namespace {

using gateway::CallContext;

// What an account has as a whole has no ARN.
template <typename Input>
std::string any_resource(const CallContext&, const Input&) {
  return "*";
}

class TableBuilder {
 public:
  explicit TableBuilder(metadata::Store& metadata) : metadata_(metadata) { table_.model = &service(); }

  template <typename Input, typename Output>
  void row(OperationId id, std::string_view action, Result<Output> (*handler)(Call&, const Input&)) {
    auto make_call = [&metadata = metadata_](CallContext& context) {
      return Call{.context = context, .metadata = metadata};
    };
    table_.operations.push_back(
        gateway::make_entry<Call>(static_cast<uint16_t>(id), action, make_call, &any_resource<Input>, handler));
  }
  gateway::ServiceTable take() { return std::move(table_); }

 private:
  metadata::Store& metadata_;
  gateway::ServiceTable table_;
};

}  // namespace

gateway::ServiceTable make_service(metadata::Store& metadata) {
  using enum OperationId;
  TableBuilder table(metadata);
  // There is no action of its own for taking it away.
  table.row(delete_public_access_block, "s3:PutAccountPublicAccessBlock", &s3control::delete_public_access_block);
  table.row(get_public_access_block, "s3:GetAccountPublicAccessBlock", &s3control::get_public_access_block);
  table.row(put_public_access_block, "s3:PutAccountPublicAccessBlock", &s3control::put_public_access_block);
  return table.take();
}

}  // namespace aerolith::s3control
