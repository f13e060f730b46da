data "aws_ami" "tiny" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["tiny*"]
  }
}
data "aws_availability_zones" "here" { state = "available" }
locals {
  second = var.stage == "two"
  zone   = data.aws_availability_zones.here.names[0]
  device = "/dev/sdf"
}

# Volumes by themselves.
resource "aws_ebs_volume" "fast" {
  availability_zone = local.zone
  type              = "gp3"
  size              = local.second ? 12 : 8
  iops              = local.second ? 4000 : 3500
  throughput        = local.second ? 300 : 200
  tags              = { Name = "tf-fast", Stage = var.stage }
}
resource "aws_ebs_volume" "provisioned" {
  availability_zone = local.zone
  type              = "io2"
  size              = 4
  iops              = local.second ? 400 : 200
  tags              = { Name = "tf-provisioned" }
}
resource "aws_ebs_volume" "plain" {
  availability_zone = local.zone
  size              = 1
  type              = local.second ? "gp3" : "gp2"
  iops              = local.second ? 3000 : null # else the provider asks for what gp2 had: too few
  tags              = { Name = "tf-plain" }
}
resource "aws_ebs_volume" "magnetic" {
  availability_zone = local.zone
  type              = "st1"
  size              = 125
  tags              = { Name = "tf-magnetic" }
}

# One that an instance has and that grows meanwhile, and so does the instance's root.
resource "aws_instance" "one" {
  ami               = data.aws_ami.tiny.id
  instance_type     = "t3.nano"
  availability_zone = local.zone
  root_block_device {
    volume_type = "gp3"
    volume_size = local.second ? 3 : 2
    tags        = { Name = "tf-root", Stage = var.stage }
  }
  tags = { Name = "tf-one" }
}
resource "aws_ebs_volume" "data" {
  availability_zone = aws_instance.one.availability_zone
  type              = "gp3"
  size              = local.second ? 2 : 1
  tags              = { Name = "tf-data", Stage = var.stage }
}
resource "aws_volume_attachment" "data" {
  device_name = local.device
  volume_id   = aws_ebs_volume.data.id
  instance_id = aws_instance.one.id
}
resource "aws_instance" "inline" {
  ami               = data.aws_ami.tiny.id
  instance_type     = "t3.nano"
  availability_zone = local.zone
  ebs_block_device {
    device_name           = local.device
    volume_type           = "gp3"
    volume_size           = 1
    iops                  = 3000
    throughput            = 150
    delete_on_termination = true
    tags                  = { Name = "tf-inline" }
  }
  tags = { Name = "tf-inline" }
}

# Snapshots, and what is made of them.
resource "aws_ebs_snapshot" "data" {
  volume_id   = aws_ebs_volume.data.id
  description = "of what an instance writes to"
  tags        = { Name = "tf-data", Stage = var.stage }
  depends_on  = [aws_volume_attachment.data]
}
resource "aws_ebs_snapshot_copy" "data" {
  source_snapshot_id = aws_ebs_snapshot.data.id
  source_region      = "us-east-1"
  description        = "a copy"
  tags               = { Name = "tf-copy", Stage = var.stage }
}
resource "aws_ebs_volume" "restored" {
  availability_zone = local.zone
  snapshot_id       = aws_ebs_snapshot_copy.data.id
  type              = "gp3"
  size              = local.second ? 3 : 2
  tags              = { Name = "tf-restored", Stage = var.stage }
}
resource "aws_ebs_volume" "of_its_size" {
  availability_zone = local.zone
  snapshot_id       = aws_ebs_snapshot.data.id
  tags              = { Name = "tf-of-its-size" }
}
resource "aws_snapshot_create_volume_permission" "data" {
  snapshot_id = aws_ebs_snapshot.data.id
  account_id  = "111122223333"
}

# An image of what an instance has now. All of it goes with who is launched of it: an attached volume would stay.
resource "aws_ami_from_instance" "one" {
  name                    = "tf-from-instance"
  description             = var.stage
  source_instance_id      = aws_instance.inline.id
  snapshot_without_reboot = true
  tags                    = { Name = "tf-from-instance", Stage = var.stage }
}

resource "aws_ami_launch_permission" "one" {
  image_id   = aws_ami_from_instance.one.id
  account_id = "111122223333"
}
resource "aws_instance" "again" {
  ami               = aws_ami_from_instance.one.id
  instance_type     = "t3.nano"
  availability_zone = local.zone
  tags              = { Name = "tf-again" }
}

# What is there, looked up.
data "aws_ebs_volume" "fast" {
  most_recent = true
  filter {
    name   = "volume-id"
    values = [aws_ebs_volume.fast.id]
  }
  filter {
    name   = "volume-type"
    values = ["gp3"]
  }
}
data "aws_ebs_volumes" "of_one" {
  filter {
    name   = "attachment.instance-id"
    values = [aws_volume_attachment.data.instance_id]
  }
}
data "aws_ebs_volumes" "tagged" {
  tags = { Name = aws_ebs_volume.provisioned.tags["Name"] }
}
data "aws_ebs_snapshot" "data" {
  most_recent            = true
  owners                 = ["self"]
  snapshot_ids           = [aws_ebs_snapshot.data.id]
  restorable_by_user_ids = [aws_snapshot_create_volume_permission.data.account_id]
}
data "aws_ebs_snapshot" "copy" {
  owners = ["self"]
  filter {
    name   = "description"
    values = [aws_ebs_snapshot_copy.data.description]
  }
}
data "aws_ebs_snapshot_ids" "of_data" {
  owners = ["self"]
  filter {
    name   = "volume-id"
    values = [aws_ebs_snapshot.data.volume_id]
  }
  filter {
    name   = "tag:Name"
    values = ["tf-*"]
  }
}
check "what_was_looked_up" {
  assert {
    condition     = data.aws_ebs_volume.fast.throughput == aws_ebs_volume.fast.throughput
    error_message = "the throughput"
  }
  assert {
    condition     = length(data.aws_ebs_volumes.of_one.ids) == 2
    error_message = "the instance's volumes"
  }
  assert {
    condition     = data.aws_ebs_volumes.tagged.ids == tolist([aws_ebs_volume.provisioned.id])
    error_message = "by a tag"
  }
  assert {
    condition     = data.aws_ebs_snapshot_ids.of_data.ids == tolist([aws_ebs_snapshot.data.id])
    error_message = "by a volume"
  }
  assert {
    condition     = aws_ebs_volume.of_its_size.size == aws_ebs_snapshot.data.volume_size
    error_message = "as large as its snapshot"
  }
  assert {
    condition     = data.aws_ebs_snapshot.copy.volume_size == data.aws_ebs_snapshot.data.volume_size
    error_message = "a copy's size"
  }
}
