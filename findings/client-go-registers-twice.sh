#!/usr/bin/env bash
# GitLab's client for Go, client-go v2.64.0: one call that registers a runner can make three.
#
# The guess: a call that creates something is sent once, or again only where it surely did not happen.
# What it does: by default every request whose answer is 429 or 5xx is sent again, up to five times,
# and POST is no exception. A 502 or 504 mostly comes from the proxy before GitLab, which cannot know
# whether GitLab has made the runner. The caller gets one runner and no error; the others stay, and
# nobody has their tokens. `WithCustomRetryMax(0)` sends it once.
#
# Seen: the lines of `expected` below. The server makes a runner for each POST, and says 502 twice.
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
	"net/http"
	"net/http/httptest"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

func main() {
	made := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		made++
		fmt.Println(r.Method, r.URL.Path)
		if made%3 != 0 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"id": %d, "token": "any"}`, made)
	}))
	defer server.Close()

	kind := "instance_type"
	register := func(options ...gitlab.ClientOptionFunc) {
		options = append(options, gitlab.WithBaseURL(server.URL))
		client, err := gitlab.NewClient("any", options...)
		if err != nil {
			log.Fatal(err)
		}
		runner, _, err := client.Users.CreateUserRunner(&gitlab.CreateUserRunnerOptions{RunnerType: &kind})
		if err == nil {
			fmt.Println("no error, runner", runner.ID)
		} else {
			fmt.Println("an error")
		}
		fmt.Println("runners made so far:", made)
	}
	fmt.Println("by default")
	register()
	fmt.Println("without retries")
	register(gitlab.WithCustomRetryMax(0))
}
GO

cat >expected <<'TEXT'
by default
POST /api/v4/user/runners
POST /api/v4/user/runners
POST /api/v4/user/runners
no error, runner 3
runners made so far: 3
without retries
POST /api/v4/user/runners
an error
runners made so far: 4
TEXT

go mod init finding 2>/dev/null
timeout -k 5 120 go get gitlab.com/gitlab-org/api/client-go/v2@v2.64.0 2>/dev/null
timeout -k 5 240 go build -o try .
timeout -k 5 60 ./try >seen
diff -u expected seen
echo 'as before'
