#!/usr/bin/env bash
# kustomize v5.8.1 (api v0.21.1): a reference to another kind is renamed all the same.
#
# The guess: a `nameReference` for a kind follows the references to objects of that kind. Where the
# reference names its kind beside the name, as `{kind: ClusterGitLabConnection, name: gitlab}` does,
# one to another kind stays as it is.
# What it does: only the name is compared, the kind beside it is not read. As soon as the build has a
# GitLabConnection `gitlab`, a reference to a cluster's connection of that name, which is no part of
# the build, gets the prefix too and then names nothing.
#
# Seen: the lines of `expected` below: `connectionRef` of both runners is renamed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOPATH=$work/go GOFLAGS=-modcacherw GOWORK=off CGO_ENABLED=0
mkdir "$work/try" "$work/base"
cd "$work/try"

cat >../base/kustomization.yaml <<'YAML'
namePrefix: acme-
resources: [objects.yaml]
configurations: [references.yaml]
YAML
cat >../base/references.yaml <<'YAML'
nameReference:
- kind: GitLabConnection
  group: gitlab-registrar.dev
  fieldSpecs:
  - {group: gitlab-registrar.dev, kind: GitLabRunner, path: spec/connectionRef/name}
YAML
cat >../base/objects.yaml <<'YAML'
apiVersion: gitlab-registrar.dev/v1alpha1
kind: GitLabConnection
metadata: {name: gitlab}
---
apiVersion: gitlab-registrar.dev/v1alpha1
kind: GitLabRunner
metadata: {name: ours}
spec: {connectionRef: {kind: GitLabConnection, name: gitlab}}
---
apiVersion: gitlab-registrar.dev/v1alpha1
kind: GitLabRunner
metadata: {name: clusters}
spec: {connectionRef: {kind: ClusterGitLabConnection, name: gitlab}}
YAML

cat >main.go <<'GO'
package main

import (
	"fmt"
	"log"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func main() {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "../base")
	if err != nil {
		log.Fatal(err)
	}
	for _, object := range built.Resources() {
		fmt.Print(object.GetKind(), " ", object.GetName())
		if kind, err := object.GetString("spec.connectionRef.kind"); err == nil {
			name, _ := object.GetString("spec.connectionRef.name")
			fmt.Print(" names ", kind, " ", name)
		}
		fmt.Println()
	}
}
GO

cat >expected <<'TEXT'
GitLabConnection acme-gitlab
GitLabRunner acme-ours names GitLabConnection acme-gitlab
GitLabRunner acme-clusters names ClusterGitLabConnection acme-gitlab
TEXT

go mod init finding 2>/dev/null
timeout -k 5 120 go get sigs.k8s.io/kustomize/api@v0.21.1 2>/dev/null
timeout -k 5 120 go mod tidy 2>/dev/null
timeout -k 5 300 go build -o try .
timeout -k 5 60 ./try >seen
diff -u expected seen
echo 'as before'
