data "aws_ami" "tiny" {
  most_recent = true
  owners      = ["amazon", "self"]
  filter {
    name   = "name"
    values = ["tiny*"]
  }
  filter {
    name   = "virtualization-type"
    values = ["hvm"]
  }
  filter {
    name   = "root-device-type"
    values = ["ebs"]
  }
}
data "aws_ami_ids" "t" {
  owners = ["amazon"]
  filter {
    name   = "architecture"
    values = ["x86_64"]
  }
}
data "aws_ssm_parameter" "ami" { name = "/aws/service/aerolith/tiny/latest/amd64" }
data "aws_ec2_instance_type" "t" { instance_type = "t3.micro" }
data "aws_ec2_instance_types" "t" {
  filter {
    name   = "instance-type"
    values = ["t3.*"]
  }
}
data "aws_ec2_instance_type_offering" "t" {
  filter {
    name   = "instance-type"
    values = ["t2.micro", "t3.micro"]
  }
  preferred_instance_types = ["t3.micro", "t2.micro"]
}
data "aws_ec2_instance_type_offerings" "t" {
  filter {
    name   = "instance-type"
    values = ["t3.micro"]
  }
  location_type = "availability-zone"
}
data "aws_vpc" "default" { default = true }
data "aws_subnets" "default" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }
  filter {
    name   = "default-for-az"
    values = ["true"]
  }
}
data "aws_security_group" "d" {
  name   = "default"
  vpc_id = data.aws_vpc.default.id
}
resource "aws_default_vpc" "d" { tags = { Name = "Default VPC" } }
resource "aws_default_subnet" "d" {
  availability_zone = "us-east-1a"
  tags              = { Name = "Default subnet" }
}
resource "aws_key_pair" "k" {
  key_name_prefix = "deployer-"
  public_key      = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQD3F6tyPEFEzV0LX3X8BsXdMsQz1x2cEikKDEY0aIj41qgxMCP/iteneqXSIFZBp5vizPvaoIR3Um9xK7PGoW8giupGn+EPuxIA4cDM4vzOqOkiMPhz5XK0whEjkVzTo4+S0puvDZuwIsdiW9mxhJc7tgBNL0cYlWSYVkz4G/fslNfRPW5mYAM49f4fhtxPb5ok4Q2Lg9dPKVHO/Bgeu5woMc7RY0p1ej6D4CKFE6lymSDJpW0YHX/wqE9+cfEauh7xZcG0q9t2ta6F6fmX0agvpFyZo8aFbXeUBr7osSCJNgvavWbM/06niWrOvYX2xwWdhXmXSrbX8ZbabVohBK41 email@example.com"
  tags            = { Name = "k" }
}
data "aws_key_pair" "k" {
  key_name           = aws_key_pair.k.key_name
  include_public_key = true
}
resource "aws_security_group" "web" {
  name = "web"
  ingress {
    from_port        = 22
    to_port          = 22
    protocol         = "tcp"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }
  egress {
    from_port        = 0
    to_port          = 0
    protocol         = "-1"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }
}
resource "aws_iam_role" "r" {
  name               = "tf-ec2"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" } }] })
}
resource "aws_iam_instance_profile" "p" {
  name = "tf-ec2"
  role = aws_iam_role.r.name
}
resource "aws_instance" "web" {
  ami                    = data.aws_ami.tiny.id
  instance_type          = "t3.micro"
  key_name               = aws_key_pair.k.key_name
  subnet_id              = aws_default_subnet.d.id
  vpc_security_group_ids = [aws_security_group.web.id]
  iam_instance_profile   = aws_iam_instance_profile.p.name
  monitoring             = true
  user_data              = <<-EOT
    #!/bin/sh
    echo hello > /tmp/hello
  EOT
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = var.stage == "two" ? "required" : "optional"
    http_put_response_hop_limit = 2
    instance_metadata_tags      = "enabled"
  }
  root_block_device {
    volume_type           = "gp3"
    volume_size           = 4
    encrypted             = false
    delete_on_termination = true
    tags                  = { Name = "root" }
  }
  credit_specification { cpu_credits = "unlimited" }
  tags = { Name = "web", Stage = var.stage }
}
resource "aws_eip" "web" {
  domain = "vpc"
  tags   = { Name = "web" }
}
resource "aws_eip_association" "web" {
  instance_id   = aws_instance.web.id
  allocation_id = aws_eip.web.id
}
resource "aws_launch_template" "lt" {
  name_prefix            = "lt-"
  image_id               = data.aws_ami.tiny.id
  instance_type          = "t3.nano"
  update_default_version = true
  description            = var.stage
  vpc_security_group_ids = [aws_security_group.web.id]
  iam_instance_profile { name = aws_iam_instance_profile.p.name }
  monitoring { enabled = true }
  placement { availability_zone = "us-east-1a" }
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size           = 4
      volume_type           = "gp3"
      delete_on_termination = true
    }
  }
  cpu_options {
    core_count       = 1
    threads_per_core = 2
  }
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "enabled"
  }
  user_data = base64encode("#!/bin/sh\necho ${var.stage}")
  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "from-lt" }
  }
  tag_specifications {
    resource_type = "volume"
    tags          = { Name = "from-lt" }
  }
  tags = { Name = "lt" }
}
data "aws_launch_template" "lt" { name = aws_launch_template.lt.name }
resource "aws_instance" "from_lt" {
  launch_template {
    id      = aws_launch_template.lt.id
    version = aws_launch_template.lt.latest_version # a new one: another instance, in the same apply
  }
  disable_api_termination = false
  tags                    = { Name = "from-lt" } # the provider would take the template's away
  lifecycle { ignore_changes = [user_data, user_data_base64] }
}
data "aws_instance" "web" {
  instance_id   = aws_instance.web.id
  get_user_data = true
}
data "aws_instances" "all" {
  instance_tags        = { Name = "web" }
  instance_state_names = ["running"]
  depends_on           = [aws_instance.web]
}
output "ssm" { value = nonsensitive(data.aws_ssm_parameter.ami.value) == data.aws_ami.tiny.id }
output "types" { value = length(data.aws_ec2_instance_types.t.instance_types) }
output "ipsubs" { value = data.aws_subnets.default.ids }
output "public_ip" { value = aws_eip.web.public_ip }
