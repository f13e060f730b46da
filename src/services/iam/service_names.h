// The services whose actions policies name, as reports call them.
#pragma once

#include <span>
#include <string_view>

namespace aerolith::iam {

struct ServiceName {
  std::string_view name_space;  // "elasticloadbalancing" of elasticloadbalancing:CreateLoadBalancer
  std::string_view title;       // "Elastic Load Balancing"
  std::string_view model;       // "elbv2", by which the program knows it
};

// Sorted by namespace; some stand there for each of their models.
std::span<const ServiceName> service_names();
// The namespace of a model's actions; the model's own name where there is none of it.
std::string_view namespace_of_model(std::string_view model);
std::string_view title_of_service(std::string_view name_space);
// "s3" of "s3:GetObject".
std::string_view namespace_of_action(std::string_view action);

}  // namespace aerolith::iam
