// A service's table: which handler, IAM action and resource stand behind each implemented operation.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/call.h"

namespace aerolith::gateway {

// A generated input struct of some operation, owned.
using InputHolder = std::unique_ptr<void, void (*)(void*)>;

// How the caller of an operation proves who he is.
enum class CallerProof : uint8_t {
  request,  // by the request's signature: the pipeline knows and decides
  body,     // by what stands in the body (S3's form upload): the handler finds the key, then asks CallContext::access
  token,    // by another's token in the input (AssumeRoleWithWebIdentity): whoever signed the request is forgotten
};

struct OperationEntry {
  uint16_t operation_id = 0;    // index into protocol::Service::operations
  std::string_view iam_action;  // "s3:DeleteBucket", from the Service Authorization Reference
  CallerProof caller_proof = CallerProof::request;
  // The call makes what its ARN names: whose that is, and its policy, if it is there already, are not asked.
  bool makes_resource = false;
  // The ARN of what is acted on, from the decoded input: "arn:aws:s3:::my-bucket". Never null.
  std::function<std::string(const CallContext&, const void* input)> resource;
  // What else the caller must be allowed to do, or instead: null where action and resource tell all.
  std::function<std::vector<AccessNeed>(const CallContext&, const void* input)> needs;
  // The service's own context keys of this request, for conditions; null where there are none.
  std::function<void(const CallContext&, const void* input, policy::Context&)> conditions;
  // What else stands on the answer to a caller whom policies refuse; null where that is nothing.
  std::function<std::vector<std::pair<std::string, std::string>>(const CallContext&, std::string_view path)>
      refusal_headers;
  InputHolder (*make_input)() = nullptr;
  // Runs the handler and encodes what it returns.
  std::function<ApiResult<http::Response>(CallContext&, const void* input)> invoke;
};

// What a service's room hands to the registry. Built once, in main/; then read by all threads.
struct ServiceTable {
  const protocol::Service* model = nullptr;
  // Whose the resource of a need is, its policy, and what else decides there; nullopt where there is no such thing.
  // Null: a service without such policies, whose resources belong to the caller's account.
  std::function<std::optional<ResourcePolicy>(const CallContext&, const AccessNeed&)> resource_policy;
  // Whether any policy or access control list of what a path names could let in a caller without a signature: asked
  // before a body is read. Null: none could.
  std::function<bool(std::string_view path)> may_admit_anonymous;
  // The service's own words for an input that breaches the model; nullopt: the usual ones. May be null.
  std::optional<std::string> (*word_breach)(const protocol::DecodeError&) = nullptr;
  // A denial carries a sealed message that says why, for DecodeAuthorizationMessage (EC2's do).
  bool encodes_denials = false;
  std::vector<OperationEntry> operations;  // any order; one for each implemented operation
};

// Puts what the handler left in the context onto an encoded answer.
http::Response finish_response(CallContext& context, http::Response encoded);

// A row of a service's table. `make_call` turns the context into the service's own Call; the handler is
// `ApiResult<Output> handler(Call&, const Input&)`; `resource` is `std::string(const CallContext&, const Input&)`.
template <typename Call, typename Input, typename Output, typename MakeCall, typename ResourceOf>
OperationEntry make_entry(uint16_t operation_id, std::string_view iam_action, MakeCall make_call,
                          ResourceOf resource_of, ApiResult<Output> (*handler)(Call&, const Input&)) {
  OperationEntry entry;
  entry.operation_id = operation_id;
  entry.iam_action = iam_action;
  entry.resource = [resource_of = std::move(resource_of)](const CallContext& context,
                                                          const void* input) -> std::string {
    return resource_of(context, *static_cast<const Input*>(input));
  };
  entry.make_input = [] { return InputHolder(new Input(), [](void* input) { delete static_cast<Input*>(input); }); };
  entry.invoke = [make_call = std::move(make_call), handler](CallContext& context,
                                                             const void* input) -> ApiResult<http::Response> {
    Call call = make_call(context);
    Output output = TRY(handler(call, *static_cast<const Input*>(input)));
    return finish_response(context, protocol::encode_response(context.resolved.protocol, *context.service,
                                                              *context.resolved.operation, &output, context.request_id,
                                                              context.mixed_lists ? &*context.mixed_lists : nullptr));
  };
  return entry;
}

}  // namespace aerolith::gateway
