data "aws_caller_identity" "me" {}
data "aws_partition" "p" {}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com", "lambda.amazonaws.com"]
    }
  }
}
data "aws_iam_policy_document" "trust_two" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_user.u.arn, "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root"]
    }
    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = ["abc"]
    }
  }
}
resource "aws_iam_user" "u" {
  name                 = var.stage == "one" ? "tf-user" : "tf-user-renamed"
  path                 = var.stage == "one" ? "/system/" : "/system2/"
  permissions_boundary = var.stage == "one" ? aws_iam_policy.p.arn : null
  force_destroy        = true
  tags                 = { Other = "x" }
}
resource "aws_iam_access_key" "k" {
  user   = aws_iam_user.u.name
  status = var.stage == "one" ? "Active" : "Inactive"
}
resource "aws_iam_user_login_profile" "l" {
  user            = aws_iam_user.u.name
  password_length = 21
}
resource "aws_iam_user_policy" "up" {
  name   = "test"
  user   = aws_iam_user.u.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Action = ["ec2:Describe*"], Effect = "Allow", Resource = "*" }] })
}
resource "aws_iam_user_policy_attachment" "a" {
  user       = aws_iam_user.u.name
  policy_arn = aws_iam_policy.p.arn
}
resource "aws_iam_user_group_membership" "m" {
  user   = aws_iam_user.u.name
  groups = [aws_iam_group.g.name]
}
resource "aws_iam_group" "g" {
  name = var.stage == "one" ? "tf-developers" : "tf-developers2"
  path = "/users/"
}
resource "aws_iam_group_policy" "gp" {
  name_prefix = "my_dev"
  group       = aws_iam_group.g.name
  policy      = jsonencode({ Version = "2012-10-17", Statement = [{ Action = ["ec2:Describe*"], Effect = "Allow", Resource = "*" }] })
}
resource "aws_iam_group_policy_attachment" "ga" {
  group      = aws_iam_group.g.name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}
resource "aws_iam_group" "g2" { name = "tf-group2" }
resource "aws_iam_group_membership" "team" {
  name  = "tf-testing"
  users = [aws_iam_user.u.name]
  group = aws_iam_group.g2.name
}
resource "aws_iam_policy" "p" {
  name        = "tf-policy"
  path        = "/"
  description = "My test policy"
  policy      = jsonencode({ Version = "2012-10-17", Statement = [{ Action = ["ec2:Describe*", "s3:*"], Effect = "Allow", Resource = "*", Sid = var.stage }] })
  tags        = { a = var.stage }
}
resource "aws_iam_policy_attachment" "pa" {
  name       = "tf-attachment"
  users      = [aws_iam_user.u.name]
  roles      = [aws_iam_role.r.name]
  groups     = [aws_iam_group.g2.name]
  policy_arn = aws_iam_policy.p2.arn
}
resource "aws_iam_policy" "p2" {
  name_prefix = "tf-policy2"
  policy      = data.aws_iam_policy_document.p2.json
}
data "aws_iam_policy_document" "p2" {
  statement {
    sid       = "1"
    actions   = ["s3:ListAllMyBuckets", "s3:GetBucketLocation"]
    resources = ["arn:aws:s3:::*"]
  }
  statement {
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::bucket"]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["", "home/", "home/&{aws:username}/"]
    }
  }
  statement {
    effect      = "Deny"
    not_actions = ["iam:*"]
    resources   = ["*"]
    condition {
      test     = "BoolIfExists"
      variable = "aws:MultiFactorAuthPresent"
      values   = ["false"]
    }
  }
}
resource "aws_iam_role" "r" {
  name                  = "tf-role"
  assume_role_policy    = var.stage == "one" ? data.aws_iam_policy_document.trust.json : data.aws_iam_policy_document.trust_two.json
  description           = var.stage
  max_session_duration  = var.stage == "one" ? 3600 : 7200
  path                  = "/x/"
  permissions_boundary  = aws_iam_policy.p2.arn
  force_detach_policies = true
  tags                  = { tag-key = var.stage }
}
resource "aws_iam_role" "r2" {
  name_prefix        = "tf-role2"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
resource "aws_iam_role_policy" "rp" {
  name   = "test_policy"
  role   = aws_iam_role.r.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Action = ["ec2:Describe*"], Effect = "Allow", Resource = "*" }] })
}
resource "aws_iam_role_policy_attachment" "ra" {
  role       = aws_iam_role.r2.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
resource "aws_iam_role_policies_exclusive" "rpe" {
  role_name    = aws_iam_role.r.name
  policy_names = [aws_iam_role_policy.rp.name]
}
resource "aws_iam_role_policy_attachments_exclusive" "rae" {
  role_name   = aws_iam_role.r2.name
  policy_arns = [aws_iam_role_policy_attachment.ra.policy_arn]
}
resource "aws_iam_instance_profile" "ip" {
  name = "tf-profile"
  role = var.stage == "one" ? aws_iam_role.r.name : aws_iam_role.r2.name
  tags = { a = var.stage }
}
resource "aws_iam_account_alias" "al" { account_alias = var.stage == "one" ? "tf-my-alias" : "tf-my-alias2" }
resource "aws_iam_account_password_policy" "strict" {
  minimum_password_length        = 8
  require_lowercase_characters   = true
  require_numbers                = true
  require_uppercase_characters   = true
  require_symbols                = true
  allow_users_to_change_password = true
  max_password_age               = var.stage == "one" ? 0 : 30
  hard_expiry                    = var.stage != "one"
  password_reuse_prevention      = 5
}
resource "aws_iam_openid_connect_provider" "o" {
  url             = "https://accounts.example.com"
  client_id_list  = var.stage == "one" ? ["a.apps.example.com"] : ["b.apps.example.com", "c"]
  thumbprint_list = var.stage == "one" ? ["cf23df2207d99a74fbe169e3eba035e633b65d94"] : ["cf23df2207d99a74fbe169e3eba035e633b65d95"]
  tags            = { a = var.stage }
}
resource "aws_iam_virtual_mfa_device" "mfa" {
  virtual_mfa_device_name = "tf-mfa"
  path                    = "/a/"
  tags                    = { a = var.stage }
}
resource "aws_iam_service_linked_role" "elb" {
  aws_service_name = "autoscaling.amazonaws.com"
  custom_suffix    = "tf"
  description      = var.stage
  tags             = { a = var.stage }
}
resource "aws_iam_user_ssh_key" "ssh" {
  username   = aws_iam_user.u.name
  encoding   = "SSH"
  public_key = trimspace(file("${path.module}/key.pub"))
  status     = var.stage == "one" ? "Active" : "Inactive"
}
resource "aws_iam_server_certificate" "c" {
  name             = "tf-cert"
  certificate_body = file("${path.module}/cert.pem")
  private_key      = file("${path.module}/key.pem")
  path             = "/cloudfront/x/"
  tags             = { a = var.stage }
}
resource "aws_iam_signing_certificate" "s" {
  user_name        = aws_iam_user.u.name
  certificate_body = file("${path.module}/cert.pem")
  status           = var.stage == "one" ? "Active" : "Inactive"
}
resource "aws_iam_saml_provider" "saml" {
  name                   = "tf-saml"
  saml_metadata_document = file("${path.module}/metadata.xml")
  tags                   = { a = var.stage }
}
resource "aws_iam_security_token_service_preferences" "p" { global_endpoint_token_version = "v2Token" }


data "aws_iam_account_alias" "al" { depends_on = [aws_iam_account_alias.al] }
data "aws_iam_group" "g" { group_name = aws_iam_group.g.name }
data "aws_iam_instance_profile" "ip" { name = aws_iam_instance_profile.ip.name }
data "aws_iam_instance_profiles" "ips" {
  role_name  = aws_iam_role.r2.name
  depends_on = [aws_iam_instance_profile.ip]
}
data "aws_iam_policy" "p" { arn = aws_iam_policy.p.arn }
data "aws_iam_policy" "admin" { name = "AdministratorAccess" }
data "aws_iam_role" "r" { name = aws_iam_role.r.name }
data "aws_iam_roles" "rs" { name_regex = "tf-.*" }
data "aws_iam_server_certificate" "c" {
  name   = aws_iam_server_certificate.c.name
  latest = true
}
data "aws_iam_session_context" "s" { arn = data.aws_caller_identity.me.arn }
data "aws_iam_user" "u" { user_name = aws_iam_user.u.name }
data "aws_iam_users" "us" { name_regex = "tf-.*" }
data "aws_iam_user_ssh_key" "k" {
  username          = aws_iam_user.u.name
  ssh_public_key_id = aws_iam_user_ssh_key.ssh.ssh_public_key_id
  encoding          = "SSH"
}
data "aws_iam_access_keys" "k" {
  user       = aws_iam_user.u.name
  depends_on = [aws_iam_access_key.k]
}
data "aws_iam_openid_connect_provider" "o" { arn = aws_iam_openid_connect_provider.o.arn }
data "aws_iam_saml_provider" "s" { arn = aws_iam_saml_provider.saml.arn }
data "aws_iam_principal_policy_simulation" "sim" {
  action_names      = ["s3:GetObject", "ec2:DescribeInstances"]
  policy_source_arn = aws_iam_user.u.arn
  resource_arns     = ["arn:aws:s3:::b/k"]
  depends_on        = [aws_iam_user_policy_attachment.a, aws_iam_user_policy.up, aws_iam_policy_attachment.pa]
}
