#!/usr/bin/env bash
# python-gitlab 8.6.0: reading a runner's tags makes the next save() write them.
#
# The guess: save() sends the attributes that were assigned, and reading one changes nothing.
# What it does: an attribute that is a list counts as changed from the moment it is read, since the
# library cannot see what is appended to it later. A program that prints a runner's tags and then
# pauses the runner also puts the tags of its reading back, whatever somebody else has made of them
# in the meantime. `runner.attributes["tag_list"]` reads without that.
#
# Seen: the lines of `expected` below. The first PUT has the tags, the second has not.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
timeout -k 5 120 "$work/venv/bin/pip" install --quiet python-gitlab==8.6.0

cat >"$work/try.py" <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import gitlab

RUNNER = {"id": 7, "description": "linux", "paused": False, "tag_list": ["docker", "linux"]}


class Server(BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.command == "PUT":
            print(self.command, self.path, body.decode())
        text = json.dumps(RUNNER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = answer

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = gitlab.Gitlab(f"http://127.0.0.1:{server.server_port}", private_token="any", timeout=10)

print("the tags are read")
runner = client.runners.get(7)
assert runner.tag_list == ["docker", "linux"]
runner.paused = True
runner.save()

print("the tags are read from attributes")
runner = client.runners.get(7)
assert runner.attributes["tag_list"] == ["docker", "linux"]
runner.paused = True
runner.save()
PY

cat >"$work/expected" <<'TEXT'
the tags are read
PUT /api/v4/runners/7 {"tag_list": ["docker", "linux"], "paused": true}
the tags are read from attributes
PUT /api/v4/runners/7 {"paused": true}
TEXT

timeout -k 5 60 env no_proxy=127.0.0.1 "$work/venv/bin/python" "$work/try.py" >"$work/seen"
diff -u "$work/expected" "$work/seen"
echo 'as before'
