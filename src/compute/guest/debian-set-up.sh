#!/bin/sh
# shellcheck shell=dash
# Run by mmdebstrap, on the host, once the packages are there: makes them an image of EC2's kind. $1 is its root.
# AEROLITH_FIRST_BOOT, AEROLITH_CA and AEROLITH_MODULES name files of the host; the last two may be empty.
set -eu
root=$1

inside() { chroot "$root" "$@"; }
write() { mkdir -p "$(dirname "$root$1")" && cat >"$root$1"; }

add_user() {
  # As Debian's images for EC2 call it. No password: keys only.
  inside useradd --create-home --shell /bin/bash --comment Debian --groups adm,sudo admin
  echo 'admin ALL=(ALL) NOPASSWD:ALL' | write /etc/sudoers.d/90-admin
  chmod 440 "$root/etc/sudoers.d/90-admin"
}

trust_authority() {
  [ -n "$AEROLITH_CA" ] || return 0
  install -D -m 644 "$AEROLITH_CA" "$root/usr/local/share/ca-certificates/aerolith.crt"
  inside update-ca-certificates >/dev/null 2>&1
}

add_modules() {
  [ -n "$AEROLITH_MODULES" ] || return 0
  mkdir -p "$root/lib/modules"
  cp -a "$AEROLITH_MODULES" "$root/lib/modules/"
  inside depmod "$(basename "$AEROLITH_MODULES")"
}

# A container's interfaces are set up from outside. The name isn't the lease's, for which a service would have to start.
set_network() {
  printf '[Match]\nName=eth*\nVirtualization=!container\n\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n\n[DHCPv4]\nUseHostname=no\n' |
    write /etc/systemd/network/10-ec2.network
  for unit in systemd-networkd.service systemd-networkd.socket systemd-networkd-wait-online.service; do
    printf '[Unit]\nConditionVirtualization=!container\n' | write "/etc/systemd/system/$unit.d/not-in-a-container.conf"
  done
  inside systemctl --quiet enable systemd-networkd.service
  # The second address of the VPC's resolver, which is the same in all of them: until the DHCP options are known.
  rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
  echo 'nameserver 169.254.169.253' | write /etc/resolv.conf
  printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' | write /etc/hosts
}

set_cloud_init() {
  # After the package's own 90_dpkg.cfg, which lists the datasources of all clouds: the last file counts.
  write /etc/cloud/cloud.cfg.d/99-ec2.cfg <<END
# A container has no serial number by which cloud-init could tell EC2: hence not strict.
datasource_list: [ Ec2 ]
datasource:
  Ec2:
    strict_id: false
    max_wait: 30
    timeout: 5
network: {config: disabled}
system_info:
  default_user:
    name: admin
    gecos: Debian
    lock_passwd: true
    shell: /bin/bash
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
# Host keys are made before it runs (aerolith-first-boot.service).
ssh_deletekeys: false
ssh_genkeytypes: [ed25519]
# The one locale that needs no making, which takes minutes on an emulated processor.
locale: C.UTF-8
# There is no boot loader on the disk.
grub_dpkg: {enabled: false}
apt_preserve_sources_list: true
END
  # What it would find out on each boot is known: it is wanted, and on EC2.
  echo 'policy: enabled' | write /etc/cloud/ds-identify.cfg
  # The stage before the network looks for no datasource: for EC2's it would ask for a lease of its own.
  echo 'datasource_list: [ None ]' | write /etc/cloud/before-network.cfg
  let_logins_be_first cloud-init-local.service
  let_logins_be_first cloud-init.service
  printf '[Service]\nExecStart=\nExecStart=/usr/bin/cloud-init --file /etc/cloud/before-network.cfg init --local\n' |
    write /etc/systemd/system/cloud-init-local.service.d/before-network.conf
}

# The package's unit, but nothing waits for it and it waits for sshd: an emulated processor needs most of a minute for
# cloud-init's stages.
let_logins_be_first() {
  sed -E '/^(Before|Wants)=(network-pre|network-online|sysinit)\.target$/d;/^Before=(sshd.*|systemd-user-sessions\.service)$/d' \
    "$root/lib/systemd/system/$1" | write "/etc/systemd/system/$1"
  printf '[Unit]\nAfter=ssh.service\n' | write "/etc/systemd/system/$1.d/after-logins.conf"
}

set_first_boot() {
  install -D -m 755 "$AEROLITH_FIRST_BOOT" "$root/usr/lib/aerolith/first-boot"
  rm -f "$root"/etc/ssh/ssh_host_*
  write /etc/systemd/system/aerolith-first-boot.service <<END
[Unit]
Description=Host keys, and the key of the owner
DefaultDependencies=no
Conflicts=shutdown.target
After=local-fs.target systemd-networkd.service
Before=ssh.service shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/lib/aerolith/first-boot
StandardOutput=journal+console
StandardError=journal+console

[Install]
WantedBy=multi-user.target
END
  inside systemctl --quiet enable aerolith-first-boot.service
  printf 'PasswordAuthentication no\nKbdInteractiveAuthentication no\n' | write /etc/ssh/sshd_config.d/10-ec2.conf
}

# What a cloud's guest doesn't need, so that logins are answered soon and idle guests stay idle.
leave_out() {
  for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer man-db.timer getty@tty1.service getty-static.service systemd-pstore.service systemd-binfmt.service \
    proc-sys-fs-binfmt_misc.automount dev-hugepages.mount dev-mqueue.mount sys-fs-fuse-connections.mount \
    sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount ldconfig.service systemd-hwdb-update.service \
    systemd-journal-catalog-update.service systemd-firstboot.service systemd-repart.service systemd-pcrphase.service \
    systemd-pcrphase-sysinit.service systemd-network-generator.service systemd-update-utmp-runlevel.service \
    modprobe@drm.service cloud-init-hotplugd.socket; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
  done
  mkdir -p "$root/etc/systemd/system-generators"
  for generator in bless-boot gpt-auto hibernate-resume integritysetup veritysetup; do
    ln -sf /dev/null "$root/etc/systemd/system-generators/systemd-$generator-generator"
  done
  # An empty table has nothing to say of the root file system.
  printf '[Unit]\nConditionFileNotEmpty=/etc/fstab\n' | write /etc/systemd/system/systemd-remount-fs.service.d/fstab.conf
  # The kernel's audit is for a daemon that isn't there: without one, each record would go to the journal.
  ln -sf /dev/null "$root/etc/systemd/system/systemd-journald-audit.socket"
  printf '[Journal]\nAudit=no\n' | write /etc/systemd/journald.conf.d/ec2.conf
  for unit in systemd-logind.service serial-getty@.service console-getty.service; do
    printf '[Unit]\nAfter=ssh.service\n' | write "/etc/systemd/system/$unit.d/after-logins.conf"
  done
  # sshd tells a mistake in its configuration by itself.
  printf '[Service]\nExecStartPre=\n' | write /etc/systemd/system/ssh.service.d/no-rehearsal.conf
  # Not because the processor could: who wants to encrypt or to run guests has them loaded then.
  for module in aesni_intel crc32_pclmul crc32c_intel crct10dif_pclmul ghash_clmulni_intel kvm_amd kvm_intel powernow_k8 \
    serio_raw sha1_ssse3 sha256_ssse3 sha512_ssse3; do
    echo "blacklist $module"
  done | write /etc/modprobe.d/ec2.conf
}

# An event for each of some hundreds of devices is a good part of a boot. What logins need comes first, all the rest last.
put_devices_in_order() {
  write /etc/systemd/system/systemd-udev-trigger.service.d/logins-first.conf <<END
[Service]
ExecStart=
ExecStart=-udevadm trigger --action=add --subsystem-match=net --subsystem-match=block --subsystem-match=input
ExecStart=-udevadm trigger --action=add --subsystem-match=tty --sysname-match=ttyS0
END
  write /etc/systemd/system/aerolith-other-devices.service <<END
[Unit]
Description=Coldplug all other udev devices
ConditionVirtualization=!container
After=cloud-final.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=-udevadm trigger --type=subsystems --action=add
ExecStart=-udevadm trigger --type=devices --action=add

[Install]
WantedBy=cloud-init.target
END
  inside systemctl --quiet enable aerolith-other-devices.service
}

# Volumes by the name that they have on AWS, beside udev's own of virtio disks.
name_volumes() {
  # shellcheck disable=SC2016  # udev's variable
  name='SYMLINK+="disk/by-id/nvme-Amazon_Elastic_Block_Store_$attr{serial}'
  write /etc/udev/rules.d/65-ec2-volumes.rules <<END
SUBSYSTEM=="block", KERNEL=="vd*[!0-9]", ATTRS{serial}=="vol*", $name"
SUBSYSTEM=="block", KERNEL=="vd*[0-9]", ATTRS{serial}=="vol*", $name-part%n"
END
}

add_user
trust_authority
add_modules
set_network
set_cloud_init
set_first_boot
leave_out
put_devices_in_order
name_volumes
: >"$root/etc/machine-id" # each instance makes its own
rm -f "$root/var/lib/dbus/machine-id"
: >"$root/etc/fstab"
touch "$root/etc/.updated" "$root/var/.updated" # else the first boot updates caches that are fresh
