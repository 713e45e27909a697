# Installs the operator from its chart into the namespace demo, which becomes kubectl's.
# shellcheck shell=bash

# free_port: one that nobody answers on. The playground's node runs Pods as processes of this
# machine, so the operator's port is one of this machine's.
free_port() {
  local port
  for port in {18080..18180}; do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  echo 'no free port from 18080 to 18180' >&2
  return 1
}

say 'The operator, installed from its chart: Roles in one namespace, no ClusterRole'
port=$(free_port)
run helm install registrar charts/gitlab-runner-registrar --namespace demo --create-namespace \
  --set allowHttp=true --set resync=5s --set log.format=text \
  --set listen.address=127.0.0.1 --set "listen.port=$port" --hide-notes --wait --timeout 2m
kubectl config set-context --current --namespace demo >/dev/null
