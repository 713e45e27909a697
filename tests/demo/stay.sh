#!/usr/bin/env bash
# The demo's surroundings, to try things in: `make playground` starts them, and takes them down at
# Ctrl-C.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
: "${KUBECONFIG:?start me with: make playground}" "${GITLAB_URL:?start me with: make playground}"
cd "$root"
trap 'report_failure $?' EXIT

source "$demo/install.sh"
source "$demo/connect.sh"

cat <<TEXT

${bold}It is all yours until Ctrl-C.${plain} In another shell:

  export KUBECONFIG=$KUBECONFIG
  export PATH=$(dirname "$(command -v helm)"):\$PATH
  kubectl apply -f $demo/runners.yaml
  kubectl get gitlab -o wide

GitLab's API is at $GITLAB_URL, with the token glpat-demo-administrator;
the stand-in's control port is $GITLAB_CONTROL_URL (tests/gitlab-sim/README.md).
The log of the operator is in $PLAYGROUND_FOLDER/nodes/playground,
those of the servers in $PLAYGROUND_FOLDER/logs.
TEXT
trap 'exit 0' INT TERM
sleep infinity &
wait
