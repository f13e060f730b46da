#include "services/iam/service_names.h"

#include <algorithm>

namespace aerolith::iam {
namespace {

// Namespaces:
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
// A test holds the models against those of the program.
constexpr ServiceName kServiceNames[] = {
    {"autoscaling", "Amazon EC2 Auto Scaling", "autoscaling"},
    {"cloudformation", "AWS CloudFormation", "cloudformation"},
    {"cloudwatch", "Amazon CloudWatch", "cloudwatch"},
    {"dynamodb", "Amazon DynamoDB", "dynamodb"},
    {"ebs", "Amazon Elastic Block Store", "ebs"},
    {"ec2", "Amazon Elastic Compute Cloud", "ec2"},
    {"ecr", "Amazon Elastic Container Registry", "ecr"},
    {"ecs", "Amazon Elastic Container Service", "ecs"},
    {"eks", "Amazon Elastic Kubernetes Service", "eks"},
    {"elasticloadbalancing", "Elastic Load Balancing", "elbv2"},
    {"elasticmapreduce", "Amazon EMR", "emr"},
    {"iam", "AWS Identity and Access Management", "iam"},
    {"kms", "AWS Key Management Service", "kms"},
    {"lambda", "AWS Lambda", "lambda"},
    {"logs", "Amazon CloudWatch Logs", "logs"},
    {"rbin", "AWS Recycle Bin", "rbin"},
    {"s3", "Amazon Simple Storage Service", "s3"},
    {"s3", "Amazon Simple Storage Service", "s3control"},
    {"sagemaker", "Amazon SageMaker", "sagemaker"},
    {"sagemaker", "Amazon SageMaker", "sagemaker-runtime"},
    {"secretsmanager", "AWS Secrets Manager", "secretsmanager"},
    {"sns", "Amazon Simple Notification Service", "sns"},
    {"sqs", "Amazon Simple Queue Service", "sqs"},
    {"ssm", "AWS Systems Manager", "ssm"},
    {"sts", "AWS Security Token Service", "sts"},
};

}  // namespace

std::span<const ServiceName> service_names() { return kServiceNames; }

std::string_view namespace_of_model(std::string_view model) {
  const auto* const found = std::ranges::find(kServiceNames, model, &ServiceName::model);
  return found == std::end(kServiceNames) ? model : found->name_space;
}

std::string_view title_of_service(std::string_view name_space) {
  const auto* const found = std::ranges::find(kServiceNames, name_space, &ServiceName::name_space);
  return found == std::end(kServiceNames) ? name_space : found->title;
}

std::string_view namespace_of_action(std::string_view action) { return action.substr(0, action.find(':')); }

}  // namespace aerolith::iam
