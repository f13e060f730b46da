// Which protocol a request speaks, from its head: what its answer is written in, also where no operation is found.
#pragma once

#include "http/message.h"
#include "protocol/service_model.h"

namespace aerolith::protocol {

// One of the service's own protocols, but for the version of JSON: there the client's word counts. resolve_operation
// (codec.h) goes by the same.
Protocol protocol_of(const Service& service, const http::RequestHead& head);

// For a service that no table names: what most services would be asked like this in.
Protocol guess_protocol(const http::RequestHead& head);

}  // namespace aerolith::protocol
