data "aws_ami" "tiny" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["tiny*"]
  }
}
locals { device = "/dev/sdf" }
resource "aws_instance" "one" {
  ami           = data.aws_ami.tiny.id
  instance_type = "t3.nano"
  tags          = { Name = "tf-one" }
}
resource "aws_ebs_volume" "data" {
  availability_zone = aws_instance.one.availability_zone
  type              = "gp3"
  size              = 1
}
resource "aws_ebs_snapshot" "data" {
  volume_id = aws_ebs_volume.data.id
  tags      = { Name = "tf-data" }
}
resource "aws_instance" "restored" {
  ami           = data.aws_ami.tiny.id
  instance_type = "t3.nano"
  ebs_block_device {
    device_name           = local.device
    snapshot_id           = aws_ebs_snapshot.data.id
    volume_type           = "gp3"
    delete_on_termination = true
    tags                  = { Name = "tf-restored" }
  }
}
resource "aws_ebs_snapshot" "root" {
  volume_id = aws_instance.one.root_block_device[0].volume_id
  tags      = { Name = "tf-root" }
}
resource "aws_ami" "registered" {
  name                = "tf-registered"
  description         = var.stage
  virtualization_type = "hvm"
  root_device_name    = "/dev/xvda"
  imds_support        = "v2.0"
  deprecation_time    = var.stage == "two" ? "2031-01-01T00:00:00Z" : "2030-01-01T00:00:00Z"
  ebs_block_device {
    device_name           = "/dev/xvda"
    snapshot_id           = aws_ebs_snapshot.root.id
    volume_type           = "gp3"
    volume_size           = 2
    delete_on_termination = true
  }
  ebs_block_device {
    device_name = local.device
    snapshot_id = aws_ebs_snapshot.data.id
    volume_type = "gp3"
    iops        = 3000
    throughput  = 150
  }
  tags = { Name = "tf-registered", Stage = var.stage }
}
resource "aws_ami" "enhanced" {
  name                = "tf-enhanced"
  virtualization_type = "hvm"
  root_device_name    = "/dev/xvda"
  ena_support         = true
  ebs_block_device {
    device_name = "/dev/xvda"
    snapshot_id = aws_ebs_snapshot.root.id
    volume_type = "gp2"
  }
  ephemeral_block_device {
    device_name  = "/dev/sdb"
    virtual_name = "ephemeral0"
  }
}
resource "aws_ami_copy" "registered" {
  name              = "tf-copied"
  description       = var.stage
  source_ami_id     = aws_ami.registered.id
  source_ami_region = "us-east-1"
  tags              = { Name = "tf-copied", Stage = var.stage }
}
resource "aws_ami_copy" "tiny" {
  name              = "tf-copy-of-tiny"
  source_ami_id     = data.aws_ami.tiny.id
  source_ami_region = "us-east-1"
}
resource "aws_ami_launch_permission" "registered" {
  image_id   = aws_ami.registered.id
  account_id = "111122223333"
}
resource "aws_instance" "again" {
  ami           = aws_ami_copy.registered.id
  instance_type = "t3.nano"
  tags          = { Name = "tf-again" }
}
data "aws_ami" "copy" {
  owners = ["self"]
  filter {
    name   = "image-id"
    values = [aws_ami_copy.registered.id]
  }
}
