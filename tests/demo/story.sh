#!/usr/bin/env bash
# The demo on a control plane of its own; `make demo` starts that, and the stand-in for GitLab, and
# takes both down afterwards.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
: "${KUBECONFIG:?start me with: make demo}" "${GITLAB_URL:?start me with: make demo}"
cd "$root"
trap 'report_failure $?' EXIT

cat <<TEXT

A platform team's day with gitlab-runner-registrar. The API server, kubectl and helm are real; GitLab
is a stand-in (tests/gitlab-sim), and the operator's Pod is a process of this machine. Lines that
begin with \$ are what you would type. All of it is taken down at the end.
TEXT

source "$demo/install.sh"
run kubectl get deployments,pods
run kubectl get roles

source "$demo/play.sh"

say 'Everything is removed: the runners first, so that they are gone in GitLab too'
run kubectl delete gitlabrunners --all --timeout=60s
run helm uninstall registrar --namespace demo --wait --timeout 1m
[ -z "$(runners)" ]

printf '\n%sDone after %d seconds.%s To have the same and keep it until Ctrl-C: make playground\n' \
  "$bold" "$SECONDS" "$plain"
