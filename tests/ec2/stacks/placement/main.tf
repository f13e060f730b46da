data "aws_ami" "tiny" {
  most_recent = true
  owners      = ["amazon", "self"]
  filter {
    name   = "name"
    values = ["tiny*"]
  }
}
resource "aws_placement_group" "apart" {
  name         = "apart"
  strategy     = "spread"
  spread_level = "rack"
  tags         = { Stage = var.stage }
}
resource "aws_placement_group" "near" {
  name     = "near"
  strategy = "cluster"
}
resource "aws_placement_group" "parts" {
  name            = "parts"
  strategy        = "partition"
  partition_count = 3
}
resource "aws_instance" "apart" {
  ami             = data.aws_ami.tiny.id
  instance_type   = "t3.nano"
  placement_group = aws_placement_group.apart.name
  maintenance_options {
    auto_recovery = var.stage == "two" ? "disabled" : "default"
  }
  cpu_options {
    core_count       = 1
    threads_per_core = 1
  }
  capacity_reservation_specification {
    capacity_reservation_preference = "none"
  }
  private_dns_name_options {
    hostname_type = "ip-name"
  }
}
resource "aws_launch_template" "parts" {
  name          = "parts"
  image_id      = data.aws_ami.tiny.id
  instance_type = "t3.nano"
  placement {
    group_name       = aws_placement_group.parts.name
    partition_number = 2
  }
  maintenance_options {
    auto_recovery = "disabled"
  }
}
resource "aws_instance" "parts" {
  launch_template {
    id      = aws_launch_template.parts.id
    version = aws_launch_template.parts.latest_version
  }
  tags = { Stage = var.stage }
}
data "aws_instance" "parts" { instance_id = aws_instance.parts.id }
output "partition" { value = aws_instance.parts.placement_partition_number }
