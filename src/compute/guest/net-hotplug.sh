#!/bin/busybox sh
# shellcheck shell=dash
# Called for each event of the kernel: DHCP on a network interface while it is there.
# shellcheck disable=SC2154  # the event's variables: ACTION, SUBSYSTEM, INTERFACE
[ "$SUBSYSTEM" = net ] || exit 0
case "$INTERFACE" in
  eth[0-9] | eth[0-9][0-9]) ;;
  *) exit 0 ;;
esac
running=/run/udhcpc.$INTERFACE
case "$ACTION" in
  add)
    mkdir "$running" 2>/dev/null || exit 0
    udhcpc -i "$INTERFACE" -s /etc/udhcpc.script -p "$running/pid" -O staticroutes -t 10 -T 1 -A 2 -b >/dev/null 2>&1
    ;;
  remove)
    [ ! -s "$running/pid" ] || kill "$(cat "$running/pid")" 2>/dev/null
    rm -rf "$running"
    number=$((100 + ${INTERFACE#eth}))
    while ip rule del pref "$number" 2>/dev/null; do :; done
    ;;
esac
