"""A hub on loopback: repositories, large files, commits and tags as huggingface_hub asks for them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

TOKEN = "hf_a-token-of-the-tests"


class LocalHub:
    """``repositories``: by owner/name, whether private and the files of each revision. ``calls``: every
    request as method and path; ``authorized``: what each said of who sent it. ``fail``: by the
    number of an upload, from 1, the status to answer it with."""

    def __init__(self):
        self.repositories, self.blobs, self.calls, self.uploaded = {}, {}, [], []
        self.fail, self.uploads, self.authorized = {}, 0, []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_words):
                pass

            def do_GET(self):
                hub.answer(self)

            do_POST = do_PUT = do_GET

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        path = request.path.split("?")[0]
        self.calls.append((request.command, path))
        if request.command == "PUT":
            return self._take(request, path, body)
        self.authorized.append(request.headers.get("Authorization"))
        if self.authorized[-1] != f"Bearer {TOKEN}":
            return self._say(request, 401, {"error": "Who are you?"})
        kind = request.headers.get("Content-Type", "")
        given = (
            parse_qs(body.decode())
            if "form" in kind
            else body
            if "ndjson" in kind
            else json.loads(body or "{}")
        )
        for pattern, act in ROUTES:
            if found := re.fullmatch(pattern, path):
                return self._say(request, *act(self, given, **found.groupdict()))
        return self._say(request, 404, {"error": f"no {path}"})

    def _say(self, request, status, told, **headers):
        content = json.dumps(told).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        for name, value in headers.pop(
            "more", told.pop("headers", {}) if isinstance(told, dict) else {}
        ).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    def _take(self, request, path, body):
        self.uploads += 1
        if self.uploads in self.fail:
            return self._say(request, self.fail[self.uploads], {"error": "No room left."})
        oid = path.rsplit("/", 1)[1]
        assert hashlib.sha256(body).hexdigest() == oid, "other bytes than were announced"
        self.blobs[oid] = body
        self.uploaded.append(oid)
        return self._say(request, 200, {})

    def create(self, given):
        name = f"{given['organization']}/{given['name']}" if given.get("organization") else given["name"]
        assert given["type"] == "dataset"
        made = {"url": f"{self.url}/datasets/{name}", "id": name}
        if name in self.repositories:
            return 409, made | {"error": "You already created this dataset repo"}
        self.repositories[name] = {
            "private": given.get("visibility") == "private" or given.get("private", False),
            "main": {},
            "tags": {},
        }
        return 200, made

    def info(self, _given, name):
        found = self.repositories[name]
        return 200, {
            "id": name,
            "private": found["private"],
            "sha": "0" * 40,
            "siblings": [{"rfilename": path} for path in found["main"]],
            "tags": [],
            "downloads": 0,
            "likes": 0,
        }

    def paths_info(self, given, name, revision):
        found = self.repositories[name]
        files = found["main"] if revision == "main" else found["tags"].get(revision)
        if files is None:
            return 404, {"error": "Revision Not Found", "headers": {"X-Error-Code": "RevisionNotFound"}}
        return 200, [entry(path, files[path]) for path in given["paths"] if path in files]

    def preupload(self, given, name, revision):
        return 200, {
            "files": [
                {
                    "path": one["path"],
                    "uploadMode": "regular" if one["path"].endswith((".md", ".json")) else "lfs",
                    "shouldIgnore": False,
                    "oid": None,
                }
                for one in given["files"]
            ]
        }

    def batch(self, given, name):
        objects = []
        for one in given["objects"]:
            there = one["oid"] in self.blobs
            actions = {} if there else {"actions": {"upload": {"href": f"{self.url}/store/{one['oid']}"}}}
            objects.append({"oid": one["oid"], "size": one["size"], **actions})
        return 200, {"transfer": "basic", "objects": objects}

    def commit(self, given, name, revision):
        files = dict(self.repositories[name]["main"])
        for line in given.splitlines():
            one = json.loads(line)
            value = one["value"]
            if one["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif one["key"] == "lfsFile":
                files[value["path"]] = self.blobs[value["oid"]]
            elif one["key"] == "deletedFile":
                del files[value["path"]]
        self.repositories[name]["main"] = files
        oid = hashlib.sha1(repr(sorted(files)).encode()).hexdigest()
        return 200, {
            "commitUrl": f"{self.url}/datasets/{name}/commit/{oid}",
            "commitOid": oid,
            "success": True,
        }

    def check_card(self, given):
        assert given["repoType"] == "dataset"
        assert given["content"].startswith("---\n")
        return 200, {"errors": [], "warnings": []}

    def tag(self, given, name, revision):
        self.repositories[name]["tags"][given["tag"]] = dict(self.repositories[name]["main"])
        return 200, {}


def entry(path, content):
    name = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    return {"type": "file", "path": path, "size": len(content), "oid": name}


NAME = r"(?P<name>[\w.-]+/[\w.-]+)"
ROUTES = [
    (r"/api/validate-yaml", LocalHub.check_card),
    (r"/api/repos/create", LocalHub.create),
    (rf"/api/datasets/{NAME}", LocalHub.info),
    (rf"/api/datasets/{NAME}/paths-info/(?P<revision>[\w.%-]+)", LocalHub.paths_info),
    (rf"/api/datasets/{NAME}/preupload/(?P<revision>\w+)", LocalHub.preupload),
    (rf"/datasets/{NAME}\.git/info/lfs/objects/batch", LocalHub.batch),
    (rf"/api/datasets/{NAME}/commit/(?P<revision>\w+)", LocalHub.commit),
    (rf"/api/datasets/{NAME}/tag/(?P<revision>\w+)", LocalHub.tag),
]
