# What the demo's scripts share: saying what comes, showing what is typed, and waiting with an end.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
demo=$root/tests/demo
built=${CARGO_TARGET_DIR:-$root/target}/debug
step=0

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; else bold='' dim='' plain=''; fi

# say SENTENCE: announces a step.
say() {
  step=$((step + 1))
  printf '\n%s%d. %s%s\n' "$bold" "$step" "$*" "$plain"
}

# show COMMAND…: prints it the way one would type it.
show() {
  local word line=''
  for word in "$@"; do
    case $word in
      *[!A-Za-z0-9_./:=,@%+-]*) line+=" '$word'" ;;
      *) line+=" $word" ;;
    esac
  done
  printf '%s$%s%s\n' "$dim" "$line" "$plain"
}

# run COMMAND…: shows it, then does it.
run() {
  show "$@"
  "$@"
}

# apply: the manifest on standard input is shown and applied.
apply() {
  local manifest
  manifest=$(cat)
  printf '%s$ kubectl apply -f - <<EOF\n%s\nEOF%s\n' "$dim" "$manifest" "$plain"
  kubectl apply -f - <<<"$manifest"
}

# gitlab COMMAND: one word to the stand-in's control port.
gitlab() { "$built/gitlab-sim" ctl "$@"; }

# in_gitlab: the runners as GitLab has them, one a line.
in_gitlab() {
  printf '%sin GitLab:%s\n' "$dim" "$plain"
  gitlab runners
}

# until_gitlab PATTERN WHAT: waits until a line of the runners' list matches, at most 60 s.
until_gitlab() {
  local deadline=$((SECONDS + 60))
  until gitlab runners | grep -Eq "$1"; do
    if ((SECONDS > deadline)); then
      echo "GitLab still does not have $2:" >&2
      gitlab runners >&2
      return 1
    fi
    sleep 0.2
  done
}

# refused PATTERN COMMAND…: the command must fail and say why.
refused() {
  local pattern=$1 said
  shift
  show "$@"
  if said=$("$@" 2>&1); then
    echo "this should have been refused: $said" >&2
    return 1
  fi
  printf '%s\n' "$said"
  grep -q -- "$pattern" <<<"$said"
}

# report_failure CODE: what the operator had to say, when the demo ended with another code than 0.
report_failure() {
  local log
  [ "$1" != 0 ] || return 0
  printf '\nThe demo failed in step %d (exit code %d). The last words of the operator:\n' "$step" "$1"
  for log in ${OPERATOR_LOG:-} ${PLAYGROUND_LOGS:+"$PLAYGROUND_LOGS"/*.log}; do
    if [ -f "$log" ]; then
      echo "--- ${log##*/}"
      tail -n 40 "$log"
    fi
  done
  kubectl get gitlab,secrets,pods,events 2>&1 | head -n 60 || true
} >&2
