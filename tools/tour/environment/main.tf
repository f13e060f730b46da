# The tour's network, instance and volume, described as code.
data "aws_ssm_parameter" "image" { name = "/aws/service/aerolith/tiny/latest/amd64" }
data "aws_region" "here" {}
resource "aws_vpc" "tour" {
  cidr_block = "10.30.0.0/16"
  tags       = { Name = "tour" }
}
resource "aws_subnet" "public" {
  vpc_id                  = aws_vpc.tour.id
  cidr_block              = "10.30.1.0/24"
  availability_zone       = "us-east-1a"
  map_public_ip_on_launch = true
}
resource "aws_subnet" "private" {
  vpc_id            = aws_vpc.tour.id
  cidr_block        = "10.30.2.0/24"
  availability_zone = "us-east-1a"
}
resource "aws_internet_gateway" "tour" { vpc_id = aws_vpc.tour.id }
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.tour.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.tour.id
  }
}
resource "aws_route_table" "private" { vpc_id = aws_vpc.tour.id }
resource "aws_route_table_association" "public" {
  subnet_id      = aws_subnet.public.id
  route_table_id = aws_route_table.public.id
}
resource "aws_route_table_association" "private" {
  subnet_id      = aws_subnet.private.id
  route_table_id = aws_route_table.private.id
}
resource "aws_vpc_endpoint" "s3" {
  vpc_id          = aws_vpc.tour.id
  service_name    = "com.amazonaws.${data.aws_region.here.id}.s3"
  route_table_ids = [aws_route_table.private.id]
}
resource "aws_security_group" "logins" {
  name   = "logins"
  vpc_id = aws_vpc.tour.id
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_iam_role" "instance" {
  name               = "tour-terraform"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" } }] })
}
resource "aws_iam_instance_profile" "instance" {
  name = aws_iam_role.instance.name
  role = aws_iam_role.instance.name
}
resource "aws_instance" "worker" {
  ami                    = data.aws_ssm_parameter.image.insecure_value
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.public.id
  vpc_security_group_ids = [aws_security_group.logins.id]
  iam_instance_profile   = aws_iam_instance_profile.instance.name
  depends_on             = [aws_route_table_association.public]
  tags                   = { Name = "tour" }
}
resource "aws_ebs_volume" "data" {
  availability_zone = "us-east-1a"
  type              = "gp3"
  size              = 2
}
resource "aws_volume_attachment" "data" {
  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.data.id
  instance_id = aws_instance.worker.id
}
output "address" { value = aws_instance.worker.public_ip }
