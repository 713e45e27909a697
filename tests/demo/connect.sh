# A connection to the stand-in, and the wait until it works.
# shellcheck shell=bash

say 'A connection: which GitLab, and the access token for it'
run kubectl create secret generic gitlab-credentials --from-literal=token=glpat-demo-administrator
apply <<YAML
apiVersion: gitlab-registrar.dev/v1alpha1
kind: GitLabConnection
metadata:
  name: gitlab
spec:
  url: $GITLAB_URL
  credentialsSecretRef: {name: gitlab-credentials, key: token}
YAML
run kubectl wait --for=condition=Ready --timeout=60s gitlabconnection/gitlab
run kubectl get gitlabconnections
