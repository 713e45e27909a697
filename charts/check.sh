#!/usr/bin/env bash
# Lints the chart and renders it in every mode, and keeps deploy/ equal to what it renders.
# UPDATE=1 writes deploy/ instead of comparing. Needs helm and kubectl on the PATH: use `make chart`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

chart=charts/gitlab-runner-registrar
name=gitlab-runner-registrar
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

fail() {
  echo "charts/check.sh: $*" >&2
  exit 1
}

# render FILE ARGS…: the chart with these arguments, linted and rendered.
render() {
  local file=$1
  shift
  helm lint --quiet --strict "$chart" --namespace "$name" "$@"
  helm template "$name" "$chart" --namespace "$name" "$@" >"$out/$file"
}

# refused WHY ARGS…: values.schema.json must not let these through.
refused() {
  local why=$1
  shift
  if helm template "$name" "$chart" "$@" >/dev/null 2>"$out/refusal"; then
    fail "the chart accepts $why"
  fi
  grep -q 'values.schema.json\|schema' "$out/refusal" || fail "$why: refused, but not by the schema: $(cat "$out/refusal")"
}

has() { grep -qE -- "$2" "$out/$1" || fail "$1 lacks $2"; }
lacks() { ! grep -qE -- "$2" "$out/$1" || fail "$1 must not have $2"; }
count() { [ "$(grep -cE -- "$2" "$out/$1")" = "$3" ] || fail "$1 should have $3 times $2"; }

render default
lacks default '^kind: ClusterRole'
has default '--watch-namespaces=\$\(POD_NAMESPACE\)$'
count default '^kind: Role$' 3
count default '^kind: CustomResourceDefinition$' 3
count default 'helm.sh/resource-policy: keep' 3

# The kubelet restarts a process that does not answer, not one that waits: where a watched namespace
# has gone, the others are served all the same.
count default 'path: /livez$' 2
count default 'path: /readyz$' 1

# Passes have a few seconds less than the Pod, so that the process ends before the kubelet ends it.
has default 'terminationGracePeriodSeconds: 30$'
has default '--shutdown-timeout=25s$'

# Several Pods take turns by a Lease of the release's own name, and are not all drained at once.
has default '^  replicas: 2$'
count default '^kind: PodDisruptionBudget$' 1
has default '--leader-elect$'
has default "--lease-name=$name\$"
has default '--lease-duration=15s$'
has default "resourceNames: \[$name\]\$"
has default 'topologyKey: kubernetes.io/hostname$'
render alone --set replicas=1
has alone '--leader-elect$'
lacks alone 'PodDisruptionBudget'
lacks alone 'topology'

render namespaces --set 'watch.namespaces={build,deploy}'
lacks namespaces '^kind: ClusterRole'
has namespaces '--watch-namespaces=build,deploy$'
count namespaces '^kind: Role$' 4

render cluster --set watch.mode=cluster
has cluster '^kind: ClusterRole$'
lacks cluster '--watch-namespaces'

render bare --set crds.install=false --set serviceAccount.create=false --set clusterId=east-1
lacks bare 'CustomResourceDefinition'
lacks bare '^kind: ServiceAccount$'
lacks bare 'identity'
has bare '--cluster-id=east-1$'

render crds-go --set crds.keep=false
lacks crds-go 'resource-policy'

render openshift --set podSecurityContext.runAsUser=null --set podSecurityContext.runAsGroup=null
count default 'runAs(User|Group): 65532$' 2
lacks openshift 'runAs(User|Group)'
for file in default openshift; do
  has $file 'runAsNonRoot: true$'
  has $file 'type: RuntimeDefault$'
  has $file 'allowPrivilegeEscalation: false$'
  has $file 'readOnlyRootFilesystem: true$'
done

cat >"$out/all.yaml" <<'YAML'
nameOverride: registrar
image:
  repository: registry.example.com/tools/registrar
  digest: sha256:0000000000000000000000000000000000000000000000000000000000000000
  pullPolicy: Always
  pullSecrets: [{name: registry}]
serviceAccount: {name: someone, annotations: {example.com/a: b}}
userRoles: {create: true}
allowHttp: true
resync: 1m30s
terminationGracePeriodSeconds: 90
log: {format: text, level: "info,gitlab_runner_registrar=debug"}
listen: {address: "[::]", port: 9090}
metrics:
  service: {port: 80, annotations: {a: b}, labels: {c: d}}
  serviceMonitor: {enabled: true, interval: 1m, labels: {release: prometheus}}
resources: {}
podSecurityContext: {fsGroup: 1000}
securityContext: {privileged: false}
extraEnv: [{name: HTTPS_PROXY, value: "http://proxy.example.com:3128"}]
podAnnotations: {a: b}
podLabels: {c: d}
priorityClassName: system-cluster-critical
nodeSelector: {kubernetes.io/os: linux}
tolerations: [{operator: Exists}]
affinity: {nodeAffinity: {}}
topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule}]
global: {anything: true}
YAML
render everything --values "$out/all.yaml"
has everything '^kind: Service$'
has everything '^kind: ServiceMonitor$'
has everything 'honorLabels: true$'
count everything 'rbac.authorization.k8s.io/aggregate-to-(view|edit|admin): "true"$' 3
has everything 'fsGroup: 1000$'
has everything 'privileged: false$'
has everything 'priorityClassName: system-cluster-critical$'
has everything '--allow-http$'
has everything '--shutdown-timeout=85s$'
has everything 'image: "registry.example.com/tools/registrar@sha256:0{64}"'

refused 'an unknown value' --set replica=2
refused 'less than no Pod' --set replicas=-1
refused 'a Lease that is too short' --set leaderElection.leaseDurationSeconds=14
refused 'namespaces in cluster mode' --set watch.mode=cluster --set 'watch.namespaces={build}'
refused 'a resync that is no duration' --set resync=often
refused 'a resync without an end' --set resync=0m
refused 'a Pod without time to finish' --set terminationGracePeriodSeconds=5
refused 'a privileged port' --set listen.port=80

# manifests MODE-ARGS…: what `kubectl apply -k` gets; nothing in it is Helm's.
manifests() {
  echo "# Rendered from the chart: UPDATE=1 make chart"
  helm template "$name" "$chart" --namespace "$name" --set crds.install=false "$@" |
    grep -vE '^# Source:|helm.sh/chart:|app.kubernetes.io/managed-by:'
}
manifests >"$out/base.yaml"
manifests --set watch.mode=cluster >"$out/cluster.yaml"
for pair in base:deploy/base cluster:deploy/overlays/cluster; do
  if [ -n "${UPDATE:-}" ]; then
    cp "$out/${pair%%:*}.yaml" "${pair#*:}/operator.yaml"
  else
    diff -u "${pair#*:}/operator.yaml" "$out/${pair%%:*}.yaml" || fail "deploy/ is not what the chart renders: UPDATE=1 make chart"
  fi
done
for folder in deploy deploy/overlays/cluster; do
  kubectl kustomize "$folder" >"$out/kustomized"
  count kustomized '^kind: CustomResourceDefinition$' 3
  count kustomized '^kind: Deployment$' 1
done
for folder in tests/it/chart/kustomize/operator tests/it/chart/kustomize/cluster; do
  kubectl kustomize "$folder" >"$out/kustomized"
  count kustomized '^kind: Deployment$' 1
  lacks kustomized '(namespace|-namespaces=|resourceNames).*gitlab-runner-registrar$'
done
echo 'chart and deploy/: in order'
