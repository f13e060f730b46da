#!/bin/busybox sh
# shellcheck shell=dash
# Makes a machine of the image its owner's: host keys, name, keys of users and user data from the instance metadata service
# (version 2). What concerns a new instance alone is done once for its id, as cloud-init does.
readonly IMDS=169.254.169.254 STATE=/var/lib/first-boot HOST_KEY=/etc/dropbear/dropbear_ed25519_host_key
readonly SCRATCH=/run/first-boot LF='
'
CR=$(printf '\r')
token=
status=
body=

log() { echo "first-boot: $*"; }

# Each program that is started takes an emulated processor longer than all that the shell does by itself: so most of this
# is said in the shell's own words.

# ask METHOD PATH HEADER: the answer is in $SCRATCH/answer.
ask() {
  nc -w 5 "$IMDS" 80 >"$SCRATCH/answer" 2>/dev/null <<END
$1 $2 HTTP/1.0$CR
Host: $IMDS$CR
$3$CR
Content-Length: 0$CR
Connection: close$CR
$CR
END
}

# Reads the answer's head; what follows is left in the file, whatever bytes it has.
take_head() {
  status=
  read -r _ status _
  while IFS= read -r line && [ "$line" != "$CR" ]; do :; done
}

# fetch METHOD PATH HEADER: sets body, to text; fails unless the answer is 200.
fetch() {
  body=
  ask "$1" "$2" "$3"
  {
    take_head
    while IFS= read -r line || [ -n "$line" ]; do body="$body${body:+$LF}$line"; done
  } <"$SCRATCH/answer"
  [ "$status" = 200 ]
}

# repeat COMMAND...: for as long as nobody answers it. The server may be started anew just now, and what isn't taken at the
# first boot isn't taken later.
repeat() {
  tries=0
  until "$@"; do
    case "$status" in 200 | 4??) return 1 ;; esac
    [ $tries -lt 150 ] || return 1
    tries=$((tries + 1))
    sleep 0.2
  done
}

get() { repeat fetch GET "/latest/$1" "X-aws-ec2-metadata-token: $token"; }

# get_file PATH FILE: the body as it is.
get_file() {
  ask GET "/latest/$1" "X-aws-ec2-metadata-token: $token"
  {
    take_head
    [ "$status" = 200 ] && cat >"$2"
  } <"$SCRATCH/answer"
}

find_metadata() {
  tries=0
  while [ $tries -lt 150 ]; do
    if fetch PUT /latest/api/token "X-aws-ec2-metadata-token-ttl-seconds: 21600" && [ -n "$body" ]; then
      token=$body
      return 0
    fi
    tries=$((tries + 1))
    sleep 0.2
  done
  return 1
}

# Keeps what is said of the key: its public half and its fingerprint.
make_host_key() {
  [ -s "$HOST_KEY" ] || dropbearkey -t ed25519 -f "$HOST_KEY" >"$HOST_KEY.about" 2>/dev/null
}

# In the form of cloud-init on EC2, which tools look for in the console output.
print_host_key() {
  [ -s "$HOST_KEY.about" ] || dropbearkey -y -f "$HOST_KEY" >"$HOST_KEY.about"
  fingerprint=
  public=
  while read -r word rest; do
    case "$word" in
      Fingerprint:) fingerprint=$rest ;;
      ssh-ed25519) public="$word $rest" ;;
    esac
  done <"$HOST_KEY.about"
  echo "ec2: 
ec2: #############################################################
ec2: -----BEGIN SSH HOST KEY FINGERPRINTS-----
ec2: 256 $fingerprint ${public##* } (ED25519)
ec2: -----END SSH HOST KEY FINGERPRINTS-----
ec2: #############################################################
-----BEGIN SSH HOST KEY KEYS-----
$public
-----END SSH HOST KEY KEYS-----"
}

# A stop may come in the midst of the first boot and end what makes the key alone.
start_ssh() {
  tries=0
  until [ -s "$HOST_KEY" ] || [ $tries -ge 3 ]; do
    log "no host key yet: $(dropbearkey -t ed25519 -f "$HOST_KEY" 2>&1 >"$HOST_KEY.about" | tail -n 1)"
    tries=$((tries + 1))
  done
  [ -e /run/dropbear.pid ] || dropbear -s -r "$HOST_KEY" -P /run/dropbear.pid
}

# keep_keys FILE USER: the image has the file, with its owner.
keep_keys() {
  if [ ! -e "$1" ]; then
    mkdir -p "${1%/*}" && : >"$1"
    chmod 700 "${1%/*}"
    chmod 600 "$1"
    chown -R "$2:$2" "${1%/*}"
  fi
  printf '%s\n' "$body" >"$1"
}

take_keys() {
  get meta-data/public-keys/0/openssh-key || body=
  keep_keys /root/.ssh/authorized_keys root
  keep_keys /home/ec2-user/.ssh/authorized_keys ec2-user
}

run_user_data() {
  repeat get_file user-data "$SCRATCH/user-data" || return 0
  if [ "$(head -c 2 "$SCRATCH/user-data" | xxd -p)" = 1f8b ]; then
    gunzip -c <"$SCRATCH/user-data" >"$SCRATCH/unpacked" && mv "$SCRATCH/unpacked" "$SCRATCH/user-data"
  fi
  if [ "$(head -c 2 "$SCRATCH/user-data")" != '#!' ]; then
    [ ! -s "$SCRATCH/user-data" ] || log "user data is no script (it doesn't begin with #!): this image runs scripts only"
    return 0
  fi
  mkdir -p "$STATE/scripts"
  mv "$SCRATCH/user-data" "$STATE/scripts/user-data"
  chmod 700 "$STATE/scripts/user-data"
  read -r interpreter _ <"$STATE/scripts/user-data"
  interpreter=${interpreter#??}
  set -- "$STATE/scripts/user-data"
  if [ ! -x "$interpreter" ]; then
    log "user data asks for $interpreter, which this image doesn't have: run by /bin/sh"
    set -- /bin/sh "$1"
  fi
  log "running user data"
  cd / || return
  "$@" 2>&1 | tee /var/log/user-data.log
  log "user data ended"
}

umask 022
mkdir -p "$SCRATCH" "$STATE" /etc/dropbear
chmod 700 "$SCRATCH"
[ -z "$container" ] || [ -s /etc/resolv.conf ] || echo 'nameserver 169.254.169.253' >/etc/resolv.conf
make_host_key & # while the metadata service is asked
instance=
if find_metadata && get meta-data/instance-id; then instance=$body; fi
wait
if [ -n "$instance" ]; then
  known=
  [ ! -e "$STATE/instance-id" ] || read -r known <"$STATE/instance-id"
  if [ "$known" != "$instance" ]; then
    # An image made of an instance must not share its host key.
    [ -z "$known" ] || { rm -f "$HOST_KEY" "$HOST_KEY.about" && make_host_key; }
    take_keys
  fi
  start_ssh
  # A container has its name already.
  if [ -z "$container" ] && get meta-data/local-hostname; then hostname "${body%%.*}"; fi
  print_host_key
  if [ "$known" != "$instance" ]; then
    run_user_data
    printf '%s\n' "$instance" >"$STATE/instance-id"
  fi
else
  log "no answer from the metadata service at $IMDS"
  start_ssh
  print_host_key
fi
log "done"
