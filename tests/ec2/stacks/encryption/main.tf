data "aws_availability_zones" "here" { state = "available" }
data "aws_ami" "tiny" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["tiny*"]
  }
}
locals {
  zone = data.aws_availability_zones.here.names[0]
}

resource "aws_ebs_encryption_by_default" "here" {
  enabled = var.stage == "one"
}
data "aws_ebs_encryption_by_default" "here" {
  depends_on = [aws_ebs_encryption_by_default.here]
}
data "aws_ebs_default_kms_key" "here" {}
output "key" { value = data.aws_ebs_default_kms_key.here.key_arn }

# Asked for; and as the account has it.
resource "aws_ebs_volume" "asked" {
  availability_zone = local.zone
  size              = var.stage == "one" ? 1 : 2
  encrypted         = true
  tags              = { Name = "tf-encrypted", Stage = var.stage }
}
resource "aws_ebs_volume" "unasked" {
  depends_on        = [aws_ebs_encryption_by_default.here]
  availability_zone = local.zone
  size              = 1
  tags              = { Name = "tf-by-default" }
}
resource "aws_ebs_snapshot" "of" {
  volume_id = aws_ebs_volume.asked.id
  tags      = { Name = "tf-snapshot" }
}
resource "aws_ebs_volume" "child" {
  availability_zone = local.zone
  snapshot_id       = aws_ebs_snapshot.of.id
  size              = 2
  encrypted         = true
  kms_key_id        = aws_ebs_volume.asked.kms_key_id
}
resource "aws_instance" "one" {
  ami               = data.aws_ami.tiny.id
  instance_type     = "t3.nano"
  availability_zone = local.zone
  root_block_device {
    encrypted = true
  }
  tags = { Name = "tf-encrypted", Stage = var.stage }
}
resource "aws_volume_attachment" "child" {
  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.child.id
  instance_id = aws_instance.one.id
}
