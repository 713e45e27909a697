#!/usr/bin/env bash
# kstatus, as Flux has it in cli-utils v1.2.3: the order of the conditions decides the verdict.
#
# The guess: conditions are a map by their type, and Kubernetes merges them so; which stands first in
# the list means nothing.
# What it does: of Reconciling and Stalled, the first in the list that is true is the answer. The same
# two conditions are InProgress in one order, for which a release waits, and Failed in the other,
# for which it ends at once. Whoever writes both at a time leaves that to chance.
#
# Seen: the lines of `expected` below.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOPATH=$work/go GOFLAGS=-modcacherw GOWORK=off CGO_ENABLED=0
mkdir "$work/try"
cd "$work/try"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"log"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func main() {
	reconciling := `{"type": "Reconciling", "status": "True"}`
	stalled := `{"type": "Stalled", "status": "True"}`
	for _, conditions := range []string{reconciling + "," + stalled, stalled + "," + reconciling} {
		object := &unstructured.Unstructured{}
		err := object.UnmarshalJSON([]byte(`{"apiVersion": "example.com/v1", "kind": "Runner",
			"metadata": {"name": "linux", "generation": 2},
			"status": {"observedGeneration": 2, "conditions": [` + conditions + `]}}`))
		if err != nil {
			log.Fatal(err)
		}
		result, err := status.Compute(object)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(conditions, "is", result.Status)
	}
}
GO

cat >expected <<'TEXT'
{"type": "Reconciling", "status": "True"},{"type": "Stalled", "status": "True"} is InProgress
{"type": "Stalled", "status": "True"},{"type": "Reconciling", "status": "True"} is Failed
TEXT

go mod init finding 2>/dev/null
timeout -k 5 120 go get github.com/fluxcd/cli-utils@v1.2.3 2>/dev/null
timeout -k 5 120 go mod tidy 2>/dev/null
timeout -k 5 300 go build -o try .
timeout -k 5 60 ./try >seen
diff -u expected seen
echo 'as before'
