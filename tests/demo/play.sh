# The story, from a connection to a runner that is gone again. The operator is running, kubectl's
# current context is the cluster and its namespace the demo's.
# shellcheck shell=bash

source "$demo/connect.sh"

say 'Three runners: for the instance, for a group by its path, for a project with one more project'
run cat tests/demo/runners.yaml
run kubectl apply -f tests/demo/runners.yaml
run kubectl wait --for=condition=Ready --timeout=60s gitlabrunner/everyone gitlabrunner/platform gitlabrunner/build
run kubectl get gitlabrunners -o wide
in_gitlab

say "Each one's token is in a Secret, as the official GitLab Runner chart reads it"
run kubectl describe secret everyone-runner-token

say 'A tag added in the manifest'
show sed 's/docker/docker, arm64/' tests/demo/runners.yaml '|' kubectl apply -f -
sed 's/docker/docker, arm64/' tests/demo/runners.yaml | kubectl apply -f -
until_gitlab 'tags=arm64,docker,linux ' 'the new tag'
in_gitlab
# The pass that made the change is over: what comes now is somebody else's doing.
generation=$(kubectl get gitlabrunner everyone -o 'jsonpath={.metadata.generation}')
kubectl wait --for="jsonpath={.status.observedGeneration}=$generation" --timeout=60s gitlabrunner/everyone >/dev/null

say "A tag changed in GitLab, behind the operator's back, and changed back"
id=$(kubectl get gitlabrunner everyone -o 'jsonpath={.status.runner.id}')
echo "Somebody sets the tags of runner $id to: sabotage"
gitlab '{"do": "edit_runner", "runner": '"$id"', "set": {"tag_list": ["sabotage"]}}' >/dev/null
in_gitlab
until_gitlab "^id=$id .*tags=arm64,docker,linux " 'the tags of the manifest'
in_gitlab
until_told DriftCorrected everyone
run kubectl events --for gitlabrunner/everyone

say 'One is paused'
run kubectl patch gitlabrunner platform --type=merge --patch '{"spec": {"paused": true}}'
run kubectl wait --for='jsonpath={.status.runner.paused}=true' --timeout=60s gitlabrunner/platform
run kubectl get gitlabrunner platform

say 'A manifest that cannot be right is refused when it is applied'
refused 'set exactly one of instance, group and project' kubectl apply -f tests/demo/bad.yaml

say 'One is deleted, and gone in GitLab too'
id=$(kubectl get gitlabrunner build -o 'jsonpath={.status.runner.id}')
run kubectl delete gitlabrunner build --timeout=60s
if grep -q "^id=$id " <<<"$(runners)"; then
  echo "runner $id is still in GitLab" >&2
  exit 1
fi
run kubectl get gitlabrunners
in_gitlab
