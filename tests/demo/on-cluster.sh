#!/usr/bin/env bash
# The demo on a cluster that is already there: DEMO_CONTEXT=<kube context> make demo.
# The operator and the stand-in for GitLab are processes of this machine, since the image is in no
# registry; the cluster gets a namespace of its own, and the CRDs if it has none. Both are removed.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
: "${DEMO_CONTEXT:?the name of a context of your kubeconfig}"
cd "$root"

scratch=$(mktemp -d)
namespace=gitlab-registrar-demo-$RANDOM
made_crds='' made_namespace='' operator='' simulator=''
export OPERATOR_LOG=$scratch/operator.log

# stop PID: asks it to end and waits until it has.
stop() {
  if [ -n "$1" ] && kill "$1" 2>/dev/null; then
    wait "$1" || true
  fi
}

clean_up() {
  local code=$?
  trap - EXIT
  set +e
  report_failure "$code"
  if [ -n "$made_namespace" ]; then
    # The runners' finalizers need the operator, so it goes last.
    if ! kubectl delete gitlabrunners --all --timeout=60s; then
      # The operator is no more. The runners are in the stand-in only, so nobody will miss them.
      kubectl get gitlabrunners --output name |
        xargs -I {} kubectl patch {} --type=merge --patch '{"metadata": {"finalizers": null}}'
    fi
    kubectl delete namespace "$namespace" --timeout=60s
  fi
  if [ -n "$made_crds" ]; then
    kubectl delete -k crds --timeout=60s
  fi
  stop "$operator"
  stop "$simulator"
  rm -rf "$scratch"
  [ "$code" != 0 ] || printf '\n%sDone after %d seconds.%s To have it without your cluster, and keep it until Ctrl-C: make playground\n' \
    "$bold" "$SECONDS" "$plain"
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# A copy, so that setting its namespace does not change the user's kubeconfig.
kubectl --context "$DEMO_CONTEXT" config view --raw --minify --flatten >"$scratch/kubeconfig"
chmod 600 "$scratch/kubeconfig"
export KUBECONFIG=$scratch/kubeconfig

say "A namespace in the cluster of the context $DEMO_CONTEXT, and the CRDs if it has none"
if kubectl get crd gitlabrunners.gitlab-registrar.dev >/dev/null 2>&1; then
  echo 'The CRDs are there already and stay as they are. An operator that serves all namespaces of'
  echo 'this cluster would take part in the demo: stop now if there is one.'
else
  made_crds=yes
  run kubectl apply --server-side -k crds
  run kubectl wait --for=condition=Established --timeout=60s \
    crd/{gitlabrunners,gitlabconnections,clustergitlabconnections}.gitlab-registrar.dev
  # A moment passes between that and the API server listing the kinds.
  deadline=$((SECONDS + 60))
  until kubectl get gitlabrunners,gitlabconnections >/dev/null 2>&1 || ((SECONDS > deadline)); do
    sleep 0.2
  done
fi
run kubectl create namespace "$namespace"
made_namespace=yes
kubectl config set-context --current --namespace "$namespace" >/dev/null

say 'The stand-in for GitLab and the operator, as processes of this machine'
"$built/gitlab-sim" --seed "$demo/seed.yaml" --listen 127.0.0.1:0 --control 127.0.0.1:0 \
  >"$scratch/gitlab" 2>"$scratch/gitlab.log" &
simulator=$!
deadline=$((SECONDS + 30))
until [ -s "$scratch/gitlab" ]; do
  if ((SECONDS > deadline)) || ! kill -0 "$simulator"; then
    cat "$scratch/gitlab.log" >&2
    exit 1
  fi
  sleep 0.1
done
GITLAB_URL=$(value url "$(<"$scratch/gitlab")")
GITLAB_CONTROL_URL=$(value controlUrl "$(<"$scratch/gitlab")")
POD_NAMESPACE=$namespace POD_NAME=demo "$built/registrar" run --watch-namespaces="$namespace" \
  --listen=127.0.0.1:0 --resync=5s --allow-http --log-format=text >"$OPERATOR_LOG" 2>&1 &
operator=$!
echo "GitLab: $GITLAB_URL   the operator's process: $operator"

source "$demo/play.sh"

say 'Everything is removed again'
