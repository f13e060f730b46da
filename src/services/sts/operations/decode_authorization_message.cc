// What an encoded authorization message of a denial says.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
#include "gateway/authorization_message.h"
#include "services/sts/errors.h"
#include "services/sts/operations/operations.h"

namespace aerolith::sts {

Result<DecodeAuthorizationMessageOutput> decode_authorization_message(Call& call,
                                                                      const DecodeAuthorizationMessageInput& input) {
  auto message = gateway::decode_authorization_message(call.messages, call.context.principal().account,
                                                       input.encoded_message.value_or(""));
  if (!message) return errors::invalid_authorization_message("Message is not valid");
  return DecodeAuthorizationMessageOutput{.decoded_message = *std::move(message)};
}

}  // namespace aerolith::sts
