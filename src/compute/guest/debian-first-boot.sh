#!/bin/bash
# Lets the owner in before cloud-init has done the rest: host keys of the machine's own, its name and the owner's key, once
# for an instance id, from the instance metadata service (version 2). cloud-init sets the same again, which changes nothing.
# Speaks HTTP by itself: on an emulated processor each start of a larger program takes a good part of a second.
readonly IMDS=169.254.169.254 STATE=/var/lib/aerolith/instance-id HOST_KEY=/etc/ssh/ssh_host_ed25519_key
token=

# The body of the answer; fails where it isn't 200.
ask() {
  local method=$1 path=$2 header=$3 status line
  exec {service}<>"/dev/tcp/$IMDS/80" || return 1
  printf '%s /latest/%s HTTP/1.1\r\nHost: %s\r\n%s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' \
    "$method" "$path" "$IMDS" "$header" >&"$service"
  read -r -t 5 -u "$service" _ status _
  while read -r -t 5 -u "$service" line && [ "$line" != $'\r' ]; do :; done
  [ "$status" = 200 ] && cat <&"$service"
  status=$?
  exec {service}>&-
  return $status
}

get() { ask GET "meta-data/$1" "X-aws-ec2-metadata-token: $token"; }

# Asks without starting a program, for as long as there is no network.
find_metadata() {
  local tries=0 probe pause
  exec {pause}<> <(:)
  while [ $tries -lt 300 ]; do
    if { exec {probe}<>"/dev/tcp/$IMDS/80"; } 2>/dev/null; then
      exec {probe}>&-
      token=$(ask PUT api/token 'X-aws-ec2-metadata-token-ttl-seconds: 600') && [ -n "$token" ] && return 0
    fi
    read -r -t 0.1 -u "$pause"
    tries=$((tries + 1))
  done
  return 1
}

make_host_key() { [ -s "$HOST_KEY" ] || ssh-keygen -q -t ed25519 -N '' -C "root@$HOSTNAME" -f "$HOST_KEY"; }

take_name() {
  local name
  name=$(get local-hostname) && [ -n "$name" ] || return 0
  HOSTNAME=${name%%.*}
  # A container's was set from outside.
  [ "$(</proc/sys/kernel/hostname)" = "$HOSTNAME" ] || echo "$HOSTNAME" >/proc/sys/kernel/hostname
}

take_keys() {
  local keys
  keys=$(get public-keys/0/openssh-key) || return 0
  mkdir -p /home/admin/.ssh
  printf '%s\n' "$keys" >/home/admin/.ssh/authorized_keys
  chmod 700 /home/admin/.ssh
  chmod 600 /home/admin/.ssh/authorized_keys
  chown -R admin:admin /home/admin/.ssh
}

# What the lease of a machine's first interface says; a container's is written from outside.
take_resolver() {
  local key value lease servers='' domain=''
  lease=/run/systemd/netif/leases/$(</sys/class/net/eth0/ifindex)
  [ -f "$lease" ] || return 0
  while IFS='=' read -r key value; do
    case $key in
      DNS) servers=$value ;;
      DOMAINNAME) domain=$value ;;
    esac
  done <"$lease"
  [ -n "$servers" ] || return 0
  {
    [ -z "$domain" ] || echo "search $domain"
    for value in $servers; do echo "nameserver $value"; done
  } >/etc/resolv.conf
}

umask 022
mkdir -p "${STATE%/*}"
if find_metadata && instance=$(get instance-id) && [ -n "$instance" ]; then
  take_resolver
  if [ "$(cat "$STATE" 2>/dev/null)" != "$instance" ]; then
    # An image made of an instance must not share its host keys.
    [ ! -e "$STATE" ] || rm -f /etc/ssh/ssh_host_*
    take_name
    take_keys
    make_host_key
    printf '%s\n' "$instance" >"$STATE"
  fi
else
  echo "no answer from the metadata service at $IMDS"
fi
make_host_key
