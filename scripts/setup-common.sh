# Shared by coach, test and check, which set $top and source it: `prepare` makes the checkout ready to run, or says why
# it cannot. A stamp written last tells a complete environment from a half-made one, which the next run makes again.
# shellcheck disable=SC2086,SC2116,SC2154 # lists of packages are split on purpose

venv=$top/.venv
system_coach="ca-certificates espeak-ng libatomic1 libfst-tools libportaudio2" # libatomic1: Vosk's ARM build needs it
system_test="flite libasound2-plugins pulseaudio pulseaudio-utils"
log='' child='' building='' python=''

say() { printf '%s\n' "$*" >&2; }
fail() { say "$1"; say "$2"; exit 1; }

# prepare coach|test: all that is needed to run the coach, or to run the tests as well.
prepare() {
  is_ready "$1" && return
  log=$(mktemp "${TMPDIR:-/tmp}/voice-coach.XXXXXX")
  trap finish EXIT
  trap 'interrupted 130' INT
  trap 'interrupted 143' TERM HUP
  lock
  if ! is_ready "$1"; then # another set-up may have done it while we waited
    system_packages "$1"
    environment "$1"
    model
    stamp ready-coach
    stamp "ready-$1"
  fi
  unlock
  trap - INT TERM HUP EXIT
  rm -f "$log"
}

is_ready() { [ -x "$venv/bin/voice-coach" ] && has_stamp "ready-$1"; }
stamp() { fingerprint >"$venv/.$1"; }
has_stamp() { [ "$(cat "$venv/.$1" 2>/dev/null)" = "$(fingerprint)" ]; }

# Changes when the checkout was moved, the system's Python was replaced, or what has to be installed has changed.
fingerprint() {
  { identity; cat "$top/pyproject.toml" "$top/scripts/constraints.txt" "$top/scripts/setup-common.sh"; } | cksum
}
identity() { printf '%s %s\n' "$top" "$(readlink -f "$venv/bin/python" || :)"; }

# One set-up at a time. Steps inherit the lock, so that it outlives a killed script while its pip is still at work.
lock() {
  command -v flock >/dev/null || return 0
  exec 9<"$top"
  flock -n 9 && return
  say "Another set-up is running; waiting for it."
  flock 9 || : # some network file systems cannot lock
}
unlock() { exec 9<&-; }

interrupted() {
  trap '' INT TERM HUP
  [ "$building" != update ] || building='' # it stays marked as incomplete
  if [ -n "$child" ]; then
    for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$child" 2>/dev/null || break; sleep 0.2; done # Ctrl-C reached it, too
    kill -TERM "$child" 2>/dev/null || :
    wait "$child" 2>/dev/null || :
  fi
  say "Set-up was interrupted. Run the same command again to finish it."
  exit "$1"
}
finish() {
  case $building in
    new) rm -rf "$venv" ;;
    update) identity >"$venv/.voice-coach" ;; # pip failed before it changed anything: not to be made again for that
  esac
  [ -z "$log" ] || rm -f "$log"
}

# step WHAT REMEDY COMMAND...: one line; where it fails, the end of its output and what to do.
step() {
  local what=$1 remedy=$2 status=0
  shift 2
  say "$what"
  (trap - INT; exec "$@") >"$log" 2>&1 </dev/null &
  child=$!
  wait "$child" || status=$?
  child=''
  [ "$status" = 0 ] || failed "$what" "$remedy"
}
failed() {
  say "This step failed: $1"
  # without what apt always says, and without pip's frame around an error, which is longer than what we show
  grep -v -E '^ *($|Reading |Building dep|Hit:|Ign:|Get:|note: |error: subprocess|[^[:alnum:] ]*(×|│|╰|\[end of))' "$log" | tail -n 8 | sed 's/^ */  | /' >&2 || :
  say "$2"
  exit 1
}

# System packages

system_packages() {
  local wanted=$system_coach missing
  [ "$1" = coach ] || wanted="$wanted $system_test"
  if ! command -v apt-get >/dev/null; then
    can_do_without_apt || fail "This system has no apt-get, and something is missing." \
      "Install Python 3.11 or newer with venv, PortAudio, espeak-ng and OpenFst's command line tools, then run this again."
    return
  fi
  missing=$(missing_packages $wanted)
  [ -n "$missing" ] || return 0
  if become_root; then
    apt_install "$wanted"
  elif [ "$1" != coach ] || ! can_do_without_apt; then
    fail "System packages are missing, and installing them needs administrator rights." \
      "Somebody who has them can run: apt-get update && apt-get install -y $(echo $missing)"
  fi
}

# Those of the packages that are not installed, one a line; Python and OpenFst's plugins have no fixed name.
missing_packages() {
  local package
  find_python || python_package
  for package in "$@"; do is_installed "$package" || echo "$package"; done
  is_installed 'libfst*-plugins-base' || plugins_package
}
is_installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }
python_package() {
  case $(apt-cache policy python3-venv 2>/dev/null | sed -n 's/ *Candidate: //p') in
    3.[0-9].* | 3.10.*) echo python3.11-venv ;;
    *) echo python3-venv ;;
  esac
}
plugins_package() { # their number is that of the library which the tools use: libfst22, libfst26, ...
  local number
  number=$(apt-cache depends libfst-tools 2>/dev/null | sed -n 's/.*Depends: libfst\([0-9][0-9]*\).*/\1/p' | head -n 1)
  echo "libfst${number:-22}-plugins-base"
}

find_python() {
  for python in python3 python3.14 python3.13 python3.12 python3.11; do
    "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && return
  done
  return 1
}
has_library() { "$python" -c 'import ctypes.util, sys; sys.exit(not ctypes.util.find_library(sys.argv[1]))' "$1"; }
can_do_without_apt() {
  find_python && command -v fstcompile >/dev/null && has_library espeak-ng || return 1
  [ "$(uname)" = Darwin ] || has_library portaudio # on a Mac it comes with the Python library
}

become_root() {
  [ "$(id -u)" != 0 ] || return 0
  command -v sudo >/dev/null || return 1
  sudo -n true 2>/dev/null && return
  [ -t 0 ] && [ -t 2 ] || return 1
  say "System packages are missing; sudo may ask for your password to install them."
  sudo -v
}
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# In the foreground, unlike other steps: apt and dpkg are not to be killed half way. Without the lock, which a service
# started by a package would keep.
apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null 9<&-
}
apt_install() {
  local what="Installing system packages" missing
  say "$what"
  if [ -n "$(as_root dpkg --audit 2>/dev/null)" ]; then # an earlier installation was cut off
    as_root env DEBIAN_FRONTEND=noninteractive dpkg --configure -a >>"$log" 2>&1 </dev/null 9<&- || :
  fi
  apt-cache show $1 libfst-tools python3-venv >/dev/null 2>&1 || apt_get update || :
  missing=$(missing_packages $1) # again: the names of some depend on the lists
  # --no-remove: nothing that somebody uses is taken away for it. Once more with new lists, where the old ones were stale.
  apt_get install --no-install-recommends --no-remove $missing ||
    { apt_get update && apt_get install --no-install-recommends --no-remove $missing; } ||
    failed "$what" "Check the network and run this again, or install these yourself first: $(echo $missing)"
}

# The Python environment

environment() {
  local extra=''
  ! has_stamp "installed-$1" || return 0 # only the model is missing
  [ "$1" = coach ] && [ ! -e "$venv/.installed-test" ] || extra='[dev]'
  find_python || fail "There is no Python 3.11 or newer with venv here." "Install one (on Debian: python3-venv) and run this again."
  if [ -e "$venv" ] && [ ! -e "$venv/.voice-coach" ]; then
    fail "$venv was not made by this script." "Move it away, for example with: mv $venv $venv.own"
  fi
  if [ "$(cat "$venv/.voice-coach" 2>/dev/null)" != "$(identity)" ]; then
    building=new
    rm -rf "$venv"
    mkdir "$venv" || fail "$venv cannot be made." "Make $top writable for you, or clone the repository somewhere else."
    echo incomplete >"$venv/.voice-coach"
    step "Making the Python environment" "Check the free space on the disk, and run this again." "$python" -m venv "$venv"
  fi
  building=${building:-update}
  rm -f "$venv"/.ready-* "$venv"/.installed-*
  echo incomplete >"$venv/.voice-coach"
  step "Installing Voice Coach and its libraries" "Check the network and the free space on the disk, and run this again." \
    "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
    --constraint "$top/scripts/constraints.txt" --editable "$top$extra"
  stamp installed-coach
  [ -z "$extra" ] || stamp installed-test
  identity >"$venv/.voice-coach"
  building=''
}

# The speech model and the language graph: the program's own step, which shows its own progress and errors.
model() {
  local status=0
  (trap - INT; exec "$venv/bin/voice-coach" setup) >&2 </dev/null &
  child=$!
  wait "$child" || status=$?
  child=''
  [ "$status" = 0 ] || fail "This step failed: setting up the speech model" "Run this again once that is mended; the rest is done."
}
