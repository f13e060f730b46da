# What the network's stack leaves out: the rarer arguments, and what is taken over rather than made.
locals { second = var.stage == "two" }
resource "aws_vpc" "a" {
  cidr_block         = "10.50.0.0/16"
  enable_dns_support = !local.second
}
resource "aws_vpc" "b" { cidr_block = "10.60.0.0/16" }
resource "aws_vpc_ipv4_cidr_block_association" "carrier" {
  vpc_id     = aws_vpc.a.id
  cidr_block = "100.64.0.0/16"
}
resource "aws_subnet" "carrier" {
  vpc_id     = aws_vpc_ipv4_cidr_block_association.carrier.vpc_id
  cidr_block = "100.64.1.0/24"
}
resource "aws_subnet" "s" {
  vpc_id                              = aws_vpc.a.id
  cidr_block                          = "10.50.1.0/24"
  map_public_ip_on_launch             = local.second
  private_dns_hostname_type_on_launch = local.second ? "resource-name" : "ip-name"
}
resource "aws_internet_gateway" "g" { tags = { Stage = var.stage } }
resource "aws_internet_gateway_attachment" "g" {
  internet_gateway_id = aws_internet_gateway.g.id
  vpc_id              = aws_vpc.a.id
}
resource "aws_default_route_table" "d" {
  default_route_table_id = aws_vpc.a.default_route_table_id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway_attachment.g.internet_gateway_id
  }
}
resource "aws_default_network_acl" "d" {
  default_network_acl_id = aws_vpc.a.default_network_acl_id
  subnet_ids             = [aws_subnet.s.id, aws_subnet.carrier.id]
  dynamic "ingress" {
    for_each = local.second ? [1] : []
    content {
      protocol   = "6"
      rule_no    = 200
      action     = "deny"
      cidr_block = "172.16.0.0/12"
      from_port  = 22
      to_port    = 22
    }
  }
  egress {
    protocol   = "icmp"
    rule_no    = 100
    action     = "allow"
    cidr_block = "0.0.0.0/0"
    from_port  = 0
    to_port    = 0
    icmp_type  = 8
    icmp_code  = -1
  }
}
resource "aws_vpc_dhcp_options" "d" {
  domain_name_servers  = ["AmazonProvidedDNS"]
  netbios_node_type    = 2
  netbios_name_servers = ["10.50.0.9"]
}
resource "aws_vpc_dhcp_options_association" "d" {
  vpc_id          = aws_vpc.a.id
  dhcp_options_id = local.second ? "default" : aws_vpc_dhcp_options.d.id
}
resource "aws_nat_gateway" "private" {
  count             = 2
  connectivity_type = "private"
  subnet_id         = aws_subnet.s.id
  private_ip        = "10.50.1.${8 + count.index}"
}
resource "aws_route_table" "r" {
  vpc_id = aws_vpc.a.id
  route {
    cidr_block     = "192.168.0.0/16"
    nat_gateway_id = aws_nat_gateway.private[local.second ? 1 : 0].id
  }
}
resource "aws_route_table" "bare" { vpc_id = aws_vpc.a.id }
resource "aws_route" "eni" {
  route_table_id         = aws_route_table.bare.id
  destination_cidr_block = "172.20.0.0/16"
  network_interface_id   = aws_network_interface.counted.id
}
resource "aws_network_interface" "counted" {
  subnet_id         = aws_subnet.s.id
  source_dest_check = local.second
  private_ips_count = local.second ? 3 : 1
}
resource "aws_network_interface" "ordered" {
  subnet_id               = aws_subnet.s.id
  private_ip_list         = local.second ? ["10.50.1.110", "10.50.1.112"] : ["10.50.1.110", "10.50.1.111"]
  private_ip_list_enabled = true
}
resource "aws_security_group" "s" { vpc_id = aws_vpc.a.id }
resource "aws_network_interface_sg_attachment" "s" {
  security_group_id    = aws_security_group.s.id
  network_interface_id = aws_network_interface.counted.id
}
resource "aws_vpc_peering_connection" "p" {
  vpc_id      = aws_vpc.a.id
  peer_vpc_id = aws_vpc.b.id
  tags        = { Stage = var.stage }
  depends_on  = [aws_vpc_ipv4_cidr_block_association.carrier] # none is added while the request is open
}
resource "aws_vpc_peering_connection_accepter" "p" {
  vpc_peering_connection_id = aws_vpc_peering_connection.p.id
  auto_accept               = true
  tags                      = { Stage = var.stage }
}
resource "aws_vpc_peering_connection_options" "p" {
  vpc_peering_connection_id = aws_vpc_peering_connection_accepter.p.id
  requester { allow_remote_vpc_dns_resolution = local.second }
}
resource "aws_vpc_endpoint" "s3" {
  vpc_id       = aws_vpc.b.id
  service_name = "com.amazonaws.us-east-1.s3"
}
resource "aws_vpc_endpoint_policy" "s3" {
  vpc_endpoint_id = aws_vpc_endpoint.s3.id
  policy          = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = var.stage, Effect = "Allow", Principal = "*", Action = "s3:*", Resource = "*" }] })
}
resource "aws_ec2_managed_prefix_list" "renamed" {
  name           = "edges-${var.stage}"
  address_family = "IPv6"
  max_entries    = local.second ? 4 : 2
  entry { cidr = "2001:db8::/32" }
}
