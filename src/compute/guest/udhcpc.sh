#!/bin/busybox sh
# shellcheck shell=dash
# What udhcpc calls when a lease comes or goes. Option 121 replaces option 3, as RFC 3442 says.
# The routes of interfaces beside the first are for what is sent from their own address, in a table of each: the VPC drops
# what leaves by another one. (Amazon Linux does so, with tables from 10000 on; busybox knows up to 255.)
# shellcheck disable=SC2154  # udhcpc's variables: interface, ip, mask, router, staticroutes, mtu, dns, domain
case "$1" in
  deconfig)
    ip link set "$interface" up
    ;;
  bound | renew)
    [ -z "$mtu" ] || ip link set "$interface" mtu "$mtu"
    ip addr show dev "$interface" | grep -q "inet $ip/$mask " || {
      ip addr flush dev "$interface"
      ip addr add "$ip/$mask" dev "$interface"
    }
    table=254
    if [ "$interface" != eth0 ]; then
      table=$((100 + ${interface#eth}))
      while ip rule del pref "$table" 2>/dev/null; do :; done
      ip rule add from "$ip" table "$table" pref "$table"
    fi
    [ -n "$staticroutes" ] || [ -z "$router" ] || staticroutes="0.0.0.0/0 ${router%% *}"
    # shellcheck disable=SC2086
    set -- $staticroutes
    # Those on the link first: a gateway may lie behind them.
    for pass in link gateway; do
      rest="$*"
      while [ -n "$rest" ]; do
        # shellcheck disable=SC2086
        set -- $rest
        [ $# -ge 2 ] || break
        if [ "$pass" = link ] && [ "$2" = 0.0.0.0 ]; then ip route replace "$1" dev "$interface" table "$table"; fi
        if [ "$pass" = gateway ] && [ "$2" != 0.0.0.0 ]; then
          ip route replace "$1" via "$2" dev "$interface" onlink table "$table"
        fi
        shift 2
        rest="$*"
      done
      # shellcheck disable=SC2086
      set -- $staticroutes
    done
    if [ -n "$dns" ] && [ "$interface" = eth0 ]; then
      {
        [ -z "$domain" ] || echo "search $domain"
        for server in $dns; do echo "nameserver $server"; done
      } >/etc/resolv.conf
    fi
    ;;
esac
