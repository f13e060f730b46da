# What an account says of a whole region.
locals { second = var.stage == "two" }
resource "aws_ec2_image_block_public_access" "here" {
  state = local.second ? "block-new-sharing" : "unblocked"
}
resource "aws_ebs_snapshot_block_public_access" "here" {
  state = local.second ? "block-all-sharing" : "block-new-sharing"
}
resource "aws_ec2_instance_metadata_defaults" "here" {
  http_tokens                 = "required"
  instance_metadata_tags      = local.second ? "enabled" : "disabled"
  http_put_response_hop_limit = local.second ? 3 : null
}
resource "aws_ec2_default_credit_specification" "here" {
  instance_family = "t2"
  cpu_credits     = local.second ? "unlimited" : "standard"
}
