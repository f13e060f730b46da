#!/usr/bin/env bash
# Installs what building, testing or touring Aerolith needs: Debian packages and the Python environment .venv.
# Says what it installs; does nothing, quickly, where nothing is missing.
#
#   scripts/setup.sh [build] [test] [tour] [bench] [trust] [instances]      (build is always included)
#
# Knows Debian 12, Debian 13 and Ubuntu 24.04. Elsewhere it prints what is needed and stops;
# AEROLITH_SETUP_PACKAGES=skip says that you have installed it all by yourself.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly BUILD_PACKAGES=(
  ca-certificates ccache cmake g++ git libcbor-dev libcli11-dev libfmt-dev libisal-dev libjemalloc-dev libldns-dev libpugixml-dev
  libqrencode-dev libre2-dev librocksdb-dev libspdlog-dev libssl-dev libtomlplusplus-dev libxml2-dev libxmlsec1-dev libzstd-dev
  libxxhash-dev make mold ninja-build
  pkg-config prometheus-cpp-dev python3 python3-venv zlib1g-dev
)
readonly TEST_PACKAGES=(
  ansible clang-19 clang-format-19 clang-tidy-19 curl fio libclang-rt-19-dev libgtest-dev openssl rclone restic s3cmd shellcheck xmlsec1
  dnsmasq-base iproute2 nftables
)
readonly TOUR_PACKAGES=(curl dnsmasq-base iproute2 nftables)
readonly BENCH_PACKAGES=(fio strace wrk)
# The power cut needs an emulated machine; its kernel is fetched by the test itself, and not installed.
readonly TRUST_PACKAGES=(e2fsprogs qemu-system-x86)
# What running instances needs, and logging in to them in tests.
readonly INSTANCE_PACKAGES=(
  conmon curl debian-archive-keyring dropbear-bin e2fsprogs fdisk iproute2 lz4 mmdebstrap openssh-client qemu-system-x86
  qemu-utils runc util-linux
)

say() { printf 'setup: %s\n' "$*"; }
die() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

wanted_packages() {
  local group
  printf '%s\n' "${BUILD_PACKAGES[@]}" "$(boost_package)"
  for group in "$@"; do
    case "$group" in
      build) ;;
      test) printf '%s\n' "${TEST_PACKAGES[@]}" && go_package ;;
      tour) printf '%s\n' "${TOUR_PACKAGES[@]}" ;;
      bench) printf '%s\n' "${BENCH_PACKAGES[@]}" ;;
      trust) printf '%s\n' "${TRUST_PACKAGES[@]}" ;;
      instances) printf '%s\n' "${INSTANCE_PACKAGES[@]}" && busybox_package ;;
      *) die "no group '$group': build, test, tour, bench, trust or instances" ;;
    esac
  done
}

# Debian 12 has Boost 1.74 under the plain name, too old for us, and 1.81 beside it.
boost_package() {
  # shellcheck source=/dev/null
  if [[ "$(. /etc/os-release 2>/dev/null && echo "${ID:-}${VERSION_ID:-}")" == debian12 ]]; then
    echo libboost1.81-dev
  else
    echo libboost-dev
  fi
}

# For the checker of histories (tools/linearizability); any Go from 1.19 on will do.
go_package() {
  command -v go >/dev/null || echo golang-go
}

# Either will do, and each removes the other.
busybox_package() {
  command -v busybox >/dev/null || echo busybox-static
}

missing_packages() {
  local package
  for package in "$@"; do
    [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] || printf '%s\n' "$package"
  done
}

# Before anything runs as root: what as_root's caller prints goes into a log.
require_root() {
  [[ $EUID -eq 0 ]] || command -v sudo >/dev/null ||
    die "neither root nor sudo here: as root, run: apt-get install --no-install-recommends $*"
}

as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
}

# Those of the named packages that apt could not install now. In C: apt translates "Candidate" and "(none)".
without_candidate() {
  local package candidate
  for package in "$@"; do
    candidate=$(LC_ALL=C apt-cache policy "$package" 2>/dev/null | sed -n 's/^ *Candidate: //p')
    [[ -n $candidate && $candidate != '(none)' ]] || printf '%s\n' "$package"
  done
}

install_packages() {
  local -a wanted missing unavailable
  local log
  mapfile -t wanted < <(wanted_packages "$@" | sort -u)
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    printf 'setup: this system has no apt. Install the like of these Debian packages, then run with AEROLITH_SETUP_PACKAGES=skip:\n' >&2
    printf '  %s\n' "${wanted[@]}" >&2
    exit 1
  fi
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  if [[ ${#missing[@]} -eq 0 ]]; then
    say "packages: all ${#wanted[@]} there"
    return
  fi
  require_root "${missing[@]}"
  say "packages: installing ${missing[*]}"
  mkdir -p build
  log=build/setup.log
  if [[ -n "$(without_candidate "${missing[@]}")" ]]; then
    say "packages: refreshing the list"
    apt update >"$log" 2>&1 || { tail -20 "$log" >&2; die "apt-get update failed (whole output: $log)"; }
  fi
  mapfile -t unavailable < <(without_candidate "${missing[@]}")
  [[ ${#unavailable[@]} -eq 0 ]] ||
    die "not in the package lists of this system: ${unavailable[*]} (Ubuntu: enable universe and updates; Debian: 12 or newer)"
  # A list that is older than the archive names files that are gone: one more try with a fresh list.
  apt install --no-install-recommends "${missing[@]}" >"$log" 2>&1 ||
    { apt update && apt install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
    { tail -20 "$log" >&2; die "apt-get install failed (whole output: $log)"; }
}

# Files of pinned packages: those that everything runs with, and, for the tests alone, some big ones.
wanted_pins() {
  echo scripts/requirements.txt
  [[ " $* " != *" test "* ]] || echo scripts/requirements-test.txt
}

# The environment is brought up to date in place when the pins change, and made anew when its Python is gone.
install_python() {
  local base=${AEROLITH_BASE_PYTHON:-/usr/bin/python3} pins
  if ! .venv/bin/python -c 'import botocore' 2>/dev/null; then
    rm -f .venv/*.sha256
  fi
  [[ -x $base ]] || base=python3
  if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    say "python: making .venv with $($base --version)"
    "$base" -m venv --clear .venv
  fi
  for pins in $(wanted_pins "$@"); do install_pins "$pins"; done
}

install_pins() {
  local pins=$1 stamp hash
  stamp=.venv/$(basename "$pins" .txt).sha256
  hash=$(sha256sum <"$pins")
  if [[ "$(cat "$stamp" 2>/dev/null)" == "$hash" ]]; then
    say "python: .venv has what $pins names"
    return
  fi
  say "python: installing the $(grep -c == "$pins") packages of $pins into .venv"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r "$pins"
  printf '%s\n' "$hash" >"$stamp"
}

[[ "${AEROLITH_SETUP_PACKAGES:-}" == skip ]] || install_packages "$@"
install_python "$@"
