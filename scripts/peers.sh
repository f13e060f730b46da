#!/usr/bin/env bash
# Installs the S3 servers that `make bench` measures beside Aerolith, into build/peers/ and nowhere else.
# Says what it installs; does nothing, quickly, for what is there. One that can't be had is no error: the reason goes to
# build/peers/<name>.reason, and from there into the table.
#
#   scripts/peers.sh [minio] [versitygw] [seaweedfs] [nginx]
#
# The first three need Go, which isn't installed here. What a build downloads stays out of the user's GOPATH and is
# removed after it.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly PEERS=$PWD/build/peers
readonly MINIO=v0.0.0-20260212201848-7aac2a2c5b7c
readonly VERSITYGW=v1.8.0
readonly SEAWEEDFS=v0.0.0-20261109003541-7506e5f91cd6
readonly BUILD_LIMIT=45m

say() { printf 'peers: %s\n' "$*"; }

# The peer stays out of this run. Always succeeds, so that the others go on.
leave_out() {
  say "$1: left out: $2"
  printf '%s\n' "$2" >"$PEERS/$1.reason"
}

in_go() {
  env GOBIN="$PEERS/bin" GOMODCACHE="$PEERS/modules" GOFLAGS='-modcacherw -buildvcs=false -trimpath' CGO_ENABLED=0 \
    nice timeout "$BUILD_LIMIT" go "$@"
}

build_minio() { in_go install -ldflags='-s -w' "github.com/minio/minio@$MINIO"; }

build_versitygw() { in_go install -ldflags='-s -w' "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW"; }

# SeaweedFS's module replaces a dependency, which `go install` refuses; an empty module around it may do the same.
build_seaweedfs() {
  local around result=0
  around=$(mktemp -d) || return
  (
    cd "$around" &&
      in_go mod init peers &&
      in_go mod edit -replace github.com/tyler-smith/go-bip39=github.com/cosmos/go-bip39@v1.0.0 &&
      in_go get "github.com/seaweedfs/seaweedfs/weed@$SEAWEEDFS" &&
      in_go build -ldflags='-s -w' -o "$PEERS/bin/weed" github.com/seaweedfs/seaweedfs/weed
  ) || result=$?
  rm -rf "$around"
  return "$result"
}

# From Debian's package, unpacked beside the system: installing it would start a server on port 80.
build_nginx() {
  local folder=$PEERS/nginx-package
  rm -rf "$folder"
  mkdir -p "$folder"
  (cd "$folder" && apt-get download nginx && dpkg-deb -x nginx_*.deb .) &&
    install -m 755 "$folder/usr/sbin/nginx" "$PEERS/bin/nginx"
}

# name, its binary, the version, the tool that gets it
provide() {
  local name=$1 binary=$PEERS/bin/$2 version=$3 tool=$4
  if [[ -x $binary && "$(cat "$PEERS/$name.version" 2>/dev/null)" == "$version" ]]; then
    say "$name: $version is there"
  elif ! command -v "$tool" >/dev/null; then
    leave_out "$name" "no $tool on this machine to get it with"
  else
    say "$name: getting $version with $tool (output: build/peers/$name.log)"
    if "build_$name" >"$PEERS/$name.log" 2>&1; then
      rm -f "$PEERS/$name.reason"
      printf '%s\n' "$version" >"$PEERS/$name.version"
    else
      leave_out "$name" "could not be built: $(grep . "$PEERS/$name.log" | tail -n 1 | cut -c 1-200)"
    fi
  fi
}

mkdir -p "$PEERS/bin"
[[ $# -gt 0 ]] || set -- minio versitygw seaweedfs nginx
for peer in "$@"; do
  case "$peer" in
    minio) provide minio minio "$MINIO" go ;;
    versitygw) provide versitygw versitygw "$VERSITYGW" go ;;
    seaweedfs) provide seaweedfs weed "$SEAWEEDFS" go ;;
    nginx) provide nginx nginx "as packaged" apt-get ;;
    *)
      say "no peer '$peer': minio, versitygw, seaweedfs or nginx" >&2
      exit 2
      ;;
  esac
done
rm -rf "$PEERS/modules"
