#!/bin/busybox sh
# shellcheck shell=dash
# PID 1 of the image `tiny`, in a container and in a virtual machine. Obeys the signals that busybox's own poweroff, halt and
# reboot send: USR2, USR1, TERM.
export PATH=/sbin:/bin:/usr/sbin:/usr/bin HOME=/root

log() { echo "init: $*"; }

is_mounted() { grep -q " $1 " /proc/mounts; }

mount_all() {
  [ -e /proc/mounts ] || mount -t proc proc /proc
  is_mounted /sys || mount -t sysfs sysfs /sys
  is_mounted /dev || mount -t devtmpfs devtmpfs /dev
  mkdir -p /dev/pts /dev/shm
  is_mounted /dev/pts || mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
  is_mounted /dev/shm || mount -t tmpfs -o mode=1777,nosuid,noexec,nodev tmpfs /dev/shm
  is_mounted /run || mount -t tmpfs -o mode=755,nosuid,nodev tmpfs /run
  mount -o remount,rw / 2>/dev/null
}

start_network() {
  ip link set lo up
  # For what is attached while it runs.
  uevent /sbin/net-hotplug >/dev/null 2>&1 &
  for path in /sys/class/net/eth*; do
    [ -e "$path" ] || continue
    ACTION=add SUBSYSTEM=net INTERFACE=${path##*/} /sbin/net-hotplug
  done
}

# A thread of the kernel has no program.
others_run() {
  for process in /proc/[0-9]*; do
    [ "$process" = /proc/1 ] || [ ! -e "$process/exe" ] || return 0
  done
  return 1
}

# Ends all that runs, then the machine. What doesn't listen to TERM gets KILL.
leave() {
  trap '' USR1 USR2 TERM
  log "$1"
  kill -TERM -1 2>/dev/null
  waited=0
  while [ $waited -lt 30 ] && others_run; do
    sleep 0.1
    waited=$((waited + 1))
  done
  kill -KILL -1 2>/dev/null
  # A container has this one file system; the others that it would wait for are the host's.
  if [ -n "$container" ]; then
    sync -f /
  else
    sync
    mount -o remount,ro / 2>/dev/null
  fi
  "$1" -f
  exit 0
}

trap 'leave poweroff' USR1 USR2
trap 'leave reboot' TERM
trap '' INT

if [ -z "$container" ]; then
  mount_all
  [ ! -x /sbin/resize2fs ] || resize2fs /dev/vda >/dev/null 2>&1 &
  acpid -c /etc/acpi -l /dev/null -p /run/acpid.pid
  start_network
fi
/sbin/first-boot </dev/null &

# Also collects orphans: a shell's wait takes whatever child ended.
while :; do
  sleep 86400 &
  wait $!
done
