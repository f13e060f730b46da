locals { azs = slice(data.aws_availability_zones.az.names, 0, 3) }
data "aws_availability_zones" "az" {
  state = "available"
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}
data "aws_region" "r" {}
data "aws_caller_identity" "me" {}
data "aws_partition" "p" {}
resource "aws_vpc" "this" {
  cidr_block                           = "10.20.0.0/16"
  instance_tenancy                     = "default"
  enable_dns_hostnames                 = true
  enable_dns_support                   = true
  enable_network_address_usage_metrics = var.stage == "two"
  tags                                 = { Name = "complete", Stage = var.stage }
}
resource "aws_vpc_ipv4_cidr_block_association" "more" {
  vpc_id     = aws_vpc.this.id
  cidr_block = "10.21.0.0/16"
}
resource "aws_vpc_dhcp_options" "this" {
  domain_name         = "service.consul"
  domain_name_servers = ["127.0.0.1", "10.20.0.2"]
  ntp_servers         = ["10.20.0.3"]
  tags                = { Name = "d" }
}
resource "aws_vpc_dhcp_options_association" "this" {
  vpc_id          = aws_vpc.this.id
  dhcp_options_id = aws_vpc_dhcp_options.this.id
}
resource "aws_subnet" "public" {
  count                               = 3
  vpc_id                              = aws_vpc.this.id
  cidr_block                          = cidrsubnet("10.20.0.0/16", 8, count.index)
  availability_zone                   = local.azs[count.index]
  map_public_ip_on_launch             = true
  private_dns_hostname_type_on_launch = "ip-name"
  tags                                = { Name = "public-${count.index}", Tier = "public" }
}
resource "aws_subnet" "private" {
  count                                       = 3
  vpc_id                                      = aws_vpc.this.id
  cidr_block                                  = cidrsubnet("10.20.0.0/16", 8, 10 + count.index)
  availability_zone                           = local.azs[count.index]
  enable_resource_name_dns_a_record_on_launch = true
  private_dns_hostname_type_on_launch         = "resource-name"
  tags                                        = { Name = "private-${count.index}", Tier = "private" }
}
resource "aws_subnet" "database" {
  count                = 2
  vpc_id               = aws_vpc_ipv4_cidr_block_association.more.vpc_id
  cidr_block           = cidrsubnet("10.21.0.0/16", 8, count.index)
  availability_zone_id = data.aws_availability_zones.az.zone_ids[count.index]
  lifecycle { ignore_changes = [tags, tags_all] } # aws_ec2_tag.extra
}
resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "igw" }
}
resource "aws_eip" "nat" {
  count      = 3
  domain     = "vpc"
  tags       = { Name = "nat-${count.index}" }
  depends_on = [aws_internet_gateway.this]
}
resource "aws_nat_gateway" "this" {
  count         = 3
  allocation_id = aws_eip.nat[count.index].id
  subnet_id     = aws_subnet.public[count.index].id
  tags          = { Name = "nat-${count.index}" }
  depends_on    = [aws_internet_gateway.this]
}
resource "aws_nat_gateway" "private" {
  connectivity_type = "private"
  subnet_id         = aws_subnet.private[0].id
}
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "public" }
}
resource "aws_route" "public_internet_gateway" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
  timeouts { create = "5m" }
}
resource "aws_route_table" "private" {
  count  = 3
  vpc_id = aws_vpc.this.id
}
resource "aws_route" "private_nat_gateway" {
  count                  = 3
  route_table_id         = aws_route_table.private[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[count.index].id
}
resource "aws_route_table_association" "public" {
  count          = 3
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}
resource "aws_route_table_association" "private" {
  count          = 3
  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private[count.index].id
}
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
  ingress {
    protocol  = -1
    self      = true
    from_port = 0
    to_port   = 0
  }
  tags = { Name = "default-sg" }
}
resource "aws_default_network_acl" "this" {
  default_network_acl_id = aws_vpc.this.default_network_acl_id
  ingress {
    protocol   = -1
    rule_no    = 100
    action     = "allow"
    cidr_block = "0.0.0.0/0"
    from_port  = 0
    to_port    = 0
  }
  egress {
    protocol   = -1
    rule_no    = 100
    action     = "allow"
    cidr_block = "0.0.0.0/0"
    from_port  = 0
    to_port    = 0
  }
  tags = { Name = "default-acl" }
  lifecycle { ignore_changes = [subnet_ids] }
}
resource "aws_default_route_table" "default" {
  default_route_table_id = aws_vpc.this.default_route_table_id
  tags                   = { Name = "default-rt" }
}
resource "aws_network_acl" "private" {
  vpc_id     = aws_vpc.this.id
  subnet_ids = aws_subnet.private[*].id
  tags       = { Name = "private" }
}
resource "aws_network_acl_rule" "in" {
  network_acl_id = aws_network_acl.private.id
  rule_number    = 100
  egress         = false
  protocol       = "tcp"
  rule_action    = "allow"
  cidr_block     = "10.0.0.0/8"
  from_port      = 22
  to_port        = 22
}
resource "aws_network_acl_rule" "icmp" {
  network_acl_id = aws_network_acl.private.id
  rule_number    = 110
  protocol       = "icmp"
  rule_action    = "allow"
  cidr_block     = "0.0.0.0/0"
  icmp_type      = -1
  icmp_code      = -1
}
resource "aws_network_acl_rule" "out" {
  network_acl_id = aws_network_acl.private.id
  rule_number    = 100
  egress         = true
  protocol       = "-1"
  rule_action    = "allow"
  cidr_block     = "0.0.0.0/0"
}
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.us-east-1.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = concat(aws_route_table.private[*].id, [aws_route_table.public.id])
  policy            = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = "s3:*", Resource = "*" }] })
  tags              = { Name = "s3" }
}
resource "aws_vpc_endpoint_route_table_association" "d" {
  vpc_endpoint_id = aws_vpc_endpoint.two.id
  route_table_id  = aws_route_table.peer.id
}
resource "aws_vpc_endpoint" "two" {
  vpc_id       = aws_vpc.peer.id
  service_name = "com.amazonaws.us-east-1.s3"
  lifecycle { ignore_changes = [route_table_ids] }
}
resource "aws_vpc" "peer" { cidr_block = "10.30.0.0/16" }
# A VPC gets no CIDR block while a peering that it requested waits to be accepted: on AWS as well.
resource "aws_vpc_peering_connection" "p" {
  vpc_id      = aws_vpc_ipv4_cidr_block_association.more.vpc_id
  peer_vpc_id = aws_vpc.peer.id
  auto_accept = true
  requester { allow_remote_vpc_dns_resolution = true }
  tags = { Name = "peer" }
}
resource "aws_route" "peer" {
  route_table_id            = aws_route_table.private[0].id
  destination_cidr_block    = "10.30.0.0/16"
  vpc_peering_connection_id = aws_vpc_peering_connection.p.id
}
resource "aws_main_route_table_association" "peer" {
  vpc_id         = aws_vpc.peer.id
  route_table_id = aws_route_table.peer.id
}
resource "aws_route_table" "peer" {
  vpc_id = aws_vpc.peer.id
  route {
    cidr_block                = "10.20.0.0/16"
    vpc_peering_connection_id = aws_vpc_peering_connection.p.id
  }
}
resource "aws_security_group" "lb" {
  name_prefix = "lb-"
  description = "lb"
  vpc_id      = aws_vpc.this.id
  lifecycle { create_before_destroy = true }
  tags = { Name = "lb" }
}
resource "aws_security_group" "app" {
  name        = "app"
  description = "app ${var.stage == "x" ? "x" : ""}"
  vpc_id      = aws_vpc.this.id
  tags        = { Name = "app" }
}
resource "aws_vpc_security_group_ingress_rule" "http" {
  for_each          = toset(["80", "443"])
  security_group_id = aws_security_group.lb.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
  description       = var.stage
  tags              = { Name = "http-${each.value}", Stage = var.stage }
}
resource "aws_vpc_security_group_ingress_rule" "http6" {
  security_group_id = aws_security_group.lb.id
  cidr_ipv6         = "::/0"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}
resource "aws_vpc_security_group_ingress_rule" "app" {
  security_group_id            = aws_security_group.app.id
  referenced_security_group_id = aws_security_group.lb.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}
resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.app.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}
resource "aws_vpc_security_group_egress_rule" "pl" {
  security_group_id = aws_security_group.lb.id
  prefix_list_id    = aws_ec2_managed_prefix_list.pl.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
resource "aws_security_group_rule" "old" {
  type              = "ingress"
  security_group_id = aws_security_group.app.id
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
  cidr_blocks       = ["10.20.0.0/16", "10.21.0.0/16"]
  description       = "ssh"
}
resource "aws_security_group_rule" "self" {
  type              = "ingress"
  security_group_id = aws_security_group.app.id
  from_port         = 0
  to_port           = 0
  protocol          = "-1"
  self              = true
}
resource "aws_security_group_rule" "icmp" {
  type              = "ingress"
  security_group_id = aws_security_group.app.id
  from_port         = 8
  to_port           = -1
  protocol          = "icmp"
  cidr_blocks       = ["0.0.0.0/0"]
}
resource "aws_ec2_managed_prefix_list" "pl" {
  name           = "corp"
  address_family = "IPv4"
  max_entries    = 5
  entry {
    cidr        = "192.0.2.0/24"
    description = "one"
  }
  dynamic "entry" {
    for_each = var.stage == "two" ? ["198.51.100.0/24"] : []
    content { cidr = entry.value }
  }
}
resource "aws_ec2_managed_prefix_list_entry" "e" {
  prefix_list_id = aws_ec2_managed_prefix_list.pl2.id
  cidr           = "203.0.113.0/24"
  description    = "e"
}
resource "aws_ec2_managed_prefix_list" "pl2" {
  name           = "corp2"
  address_family = "IPv4"
  max_entries    = 5
}
resource "aws_route" "pl" {
  route_table_id             = aws_route_table.private[1].id
  destination_prefix_list_id = aws_ec2_managed_prefix_list.pl.id
  nat_gateway_id             = aws_nat_gateway.this[1].id
}
resource "aws_network_interface" "eni" {
  subnet_id       = aws_subnet.private[0].id
  private_ips     = ["10.20.10.50", "10.20.10.51"]
  security_groups = [aws_security_group.app.id]
  description     = "an interface"
  tags            = { Name = "eni" }
}
resource "aws_eip" "eni" {
  domain                    = "vpc"
  network_interface         = aws_network_interface.eni.id
  associate_with_private_ip = "10.20.10.51"
}
resource "aws_ec2_tag" "extra" {
  resource_id = aws_subnet.database[0].id
  key         = "kubernetes.io/role/elb"
  value       = "1"
}
data "aws_vpcs" "all" {
  tags       = { Name = "complete" }
  depends_on = [aws_vpc.this]
}
data "aws_vpc" "this" { id = aws_vpc.this.id }
data "aws_subnets" "private" {
  filter {
    name   = "vpc-id"
    values = [aws_vpc.this.id]
  }
  tags       = { Tier = "private" }
  depends_on = [aws_subnet.private]
}
data "aws_subnet" "one" { id = aws_subnet.private[0].id }
data "aws_route_tables" "rts" {
  vpc_id = aws_vpc.this.id
  filter {
    name   = "association.main"
    values = ["true"]
  }
}
data "aws_route_table" "rt" { subnet_id = aws_route_table_association.private[0].subnet_id }
data "aws_security_group" "default" {
  vpc_id = aws_vpc.this.id
  name   = "default"
}
data "aws_security_groups" "g" {
  filter {
    name   = "vpc-id"
    values = [aws_vpc.this.id]
  }
}
data "aws_internet_gateway" "g" {
  filter {
    name   = "attachment.vpc-id"
    values = [aws_internet_gateway.this.vpc_id]
  }
}
data "aws_nat_gateways" "n" {
  vpc_id = aws_vpc.this.id
  filter {
    name   = "state"
    values = ["available"]
  }
  depends_on = [aws_nat_gateway.this]
}
data "aws_nat_gateway" "n" { id = aws_nat_gateway.this[0].id }
data "aws_network_acls" "a" { vpc_id = aws_vpc.this.id }
data "aws_network_interface" "e" { id = aws_network_interface.eni.id }
data "aws_network_interfaces" "e" {
  filter {
    name   = "subnet-id"
    values = [aws_subnet.private[0].id]
  }
  depends_on = [aws_network_interface.eni]
}
data "aws_eip" "e" { id = aws_eip.nat[0].id }
data "aws_eips" "e" { tags = { Name = aws_eip.nat[0].tags.Name } }
data "aws_prefix_list" "s3" { name = "com.amazonaws.us-east-1.s3" }
data "aws_ec2_managed_prefix_list" "s3" { name = "com.amazonaws.us-east-1.s3" }
data "aws_ec2_managed_prefix_lists" "all" {}
data "aws_vpc_dhcp_options" "d" { dhcp_options_id = aws_vpc_dhcp_options.this.id }
data "aws_vpc_peering_connection" "p" { id = aws_vpc_peering_connection.p.id }
data "aws_vpc_endpoint" "e" { id = aws_vpc_endpoint.s3.id }
data "aws_vpc_security_group_rule" "r" { security_group_rule_id = aws_vpc_security_group_ingress_rule.app.id }
data "aws_vpc_security_group_rules" "r" {
  filter {
    name   = "group-id"
    values = [aws_security_group.app.id]
  }
  depends_on = [aws_vpc_security_group_ingress_rule.app]
}
data "aws_availability_zone" "a" { name = "us-east-1a" }
data "aws_regions" "r" {}
data "aws_route" "r" {
  route_table_id         = aws_route.public_internet_gateway.route_table_id
  destination_cidr_block = "0.0.0.0/0"
}
