#!/usr/bin/env bash
# python-gitlab 8.6.0: a list of very many runners is false, and its length is 0.
#
# The guess: `if runners:` asks whether there are any.
# What it does: the length of a list that is read page by page is the header X-Total, and 0 where the
# header is missing; Python takes a thing of length 0 for false. GitLab leaves the header out when
# more than 10,000 rows match. So the test is right on every small GitLab, and wrong on the largest.
# The items themselves are all there.
#
# Seen: the lines of `expected` below, for the same list with the header and without it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
timeout -k 5 120 "$work/venv/bin/pip" install --quiet python-gitlab==8.6.0

cat >"$work/try.py" <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import gitlab

PAGES = {1: [{"id": 1}, {"id": 2}], 2: [{"id": 3}]}
counts = True


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        page = int(parse_qs(urlsplit(self.path).query).get("page", ["1"])[0])
        text = json.dumps(PAGES[page]).encode()
        headers = {"Content-Type": "application/json", "Content-Length": len(text)}
        headers |= {"X-Page": page, "X-Per-Page": 2}
        headers["X-Next-Page"] = page + 1 if page + 1 in PAGES else ""
        if page + 1 in PAGES:
            here = f"http://{self.headers['Host']}{urlsplit(self.path).path}"
            headers["Link"] = f'<{here}?page={page + 1}&per_page=2>; rel="next"'
        if counts:
            headers |= {"X-Total": 3, "X-Total-Pages": 2}
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = gitlab.Gitlab(f"http://127.0.0.1:{server.server_port}", private_token="any", timeout=10)

for counts in True, False:
    runners = client.runners.list(iterator=True)
    print("with" if counts else "without", "X-Total:", bool(runners), len(runners), end=" ")
    print([runner.id for runner in runners])
PY

cat >"$work/expected" <<'TEXT'
with X-Total: True 3 [1, 2, 3]
without X-Total: False 0 [1, 2, 3]
TEXT

timeout -k 5 60 env no_proxy=127.0.0.1 "$work/venv/bin/python" "$work/try.py" >"$work/seen"
diff -u "$work/expected" "$work/seen"
echo 'as before'
