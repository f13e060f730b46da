#!/bin/busybox sh
# shellcheck shell=dash
# The first steps of a virtual machine of the image: modules, then the root volume.
bb=/bin/busybox
$bb mount -t proc proc /proc
$bb mount -t sysfs sysfs /sys
$bb mount -t devtmpfs devtmpfs /dev
read -r order </modules/order
for module in $order; do $bb insmod "/modules/$module" || echo "initramfs: no $module"; done
# The driver's question whether this accelerator boots a guest (compute/kvm_probe.cc).
if $bb grep -q aerolith.probe /proc/cmdline; then
  echo "aerolith: user space"
  $bb poweroff -f
fi
tries=0
while [ ! -b /dev/vda ] && [ $tries -lt 100 ]; do
  $bb sleep 0.05
  tries=$((tries + 1))
done
if ! $bb mount -t ext4 -o noatime /dev/vda /root; then
  echo "initramfs: the root volume can't be mounted"
  $bb poweroff -f
fi
# The kernel came up on one processor, as its arguments say: QEMU 7.2's emulation now and then never gets past code that one
# processor changes while another runs it, which a kernel does most while it boots.
for processor in /sys/devices/system/cpu/cpu[0-9]*/online; do
  [ ! -e "$processor" ] || echo 1 >"$processor"
done
$bb mount --move /dev /root/dev
$bb mount --move /sys /root/sys
$bb mount --move /proc /root/proc
exec $bb switch_root /root /sbin/init
