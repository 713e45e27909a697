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
      '|') line+=' |' ;;
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

# gitlab JSON: sends a command to the stand-in's control port and prints the answer. By bash alone,
# since a machine that can build all this need not have curl.
gitlab() {
  local host=${GITLAB_CONTROL_URL#http://} line
  host=${host%/}
  exec 3<>"/dev/tcp/${host%:*}/${host#*:}"
  printf 'POST /command HTTP/1.0\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s' "$host" "${#1}" "$1" >&3
  IFS= read -r line <&3
  if [[ $line != *' 200 '* ]]; then
    echo "the stand-in refuses $1: $line $(tail -n 1 <&3)" >&2
    return 1
  fi
  while IFS= read -r line <&3 && [ "$line" != $'\r' ]; do :; done
  cat <&3
  exec 3>&-
}

# runners: those in GitLab, one a line, without their tokens.
runners() {
  local runner tags
  gitlab '{"do": "runners"}' | sed 's/},{"access_level"/}\n{"access_level"/g; $s/$/\n/' | while read -r runner; do
    [[ $runner == *'"id":'* ]] || continue
    tags=$(value tag_list "$runner" | tr ',' '\n' | sort | paste -sd ,)
    printf 'id=%s %s paused=%s tags=%s projects=%s description=%s\n' "$(value id "$runner")" \
      "$(value runner_type "$runner")" "$(value paused "$runner")" "$tags" \
      "$(value projects "$runner")" "$(value description "$runner")"
  done
}

# value KEY JSON: what the object holds under a key: a number, a string, or a list of strings.
value() {
  grep -oE "\"$1\":(\[[^]]*]|\"[^\"]*\"|[a-z0-9]+)" <<<"$2" | head -n 1 | sed 's/^"[^"]*"://; s/[]["]//g'
}

# in_gitlab: the runners as GitLab has them, one a line.
in_gitlab() {
  printf '%sin GitLab:%s\n' "$dim" "$plain"
  runners
}

# until_gitlab PATTERN WHAT: waits until a line of the runners' list matches, at most 60 s.
until_gitlab() {
  local deadline=$((SECONDS + 60))
  until grep -Eq "$1" <<<"$(runners)"; do
    if ((SECONDS > deadline)); then
      echo "GitLab still does not have $2:" >&2
      runners >&2
      return 1
    fi
    sleep 0.2
  done
}

# until_told REASON NAME: waits until there is such an event about a runner, at most 60 s.
until_told() {
  local deadline=$((SECONDS + 60))
  until kubectl events --for "gitlabrunner/$2" 2>/dev/null | grep -qw "$1"; do
    if ((SECONDS > deadline)); then
      echo "no event $1 about $2" >&2
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
  for log in ${OPERATOR_LOG:-} ${PLAYGROUND_FOLDER:+"$PLAYGROUND_FOLDER"/nodes/*/*.log}; do
    if [ -f "$log" ]; then
      echo "--- ${log##*/}"
      tail -n 40 "$log"
    fi
  done
  kubectl get gitlab,secrets,pods,events 2>&1 | head -n 60 || true
} >&2
