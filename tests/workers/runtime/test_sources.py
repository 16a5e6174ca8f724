"""Fetching a model, from a hub on loopback."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from workers.runtime.errors import ModelRefused
from workers.runtime.loading import load_language_model
from workers.runtime.sources import find_model

COMMIT = "a1" * 20


@pytest.fixture
def hub(tiny_folder, monkeypatch):
    """Serves the tiny model as owner/name at one commit, with code beside it; ``asked``: what was fetched."""
    files = {path.name: path.read_bytes() for path in tiny_folder.iterdir()}
    files |= {"modeling_tiny.py": b"raise SystemExit", "pytorch_model.bin": b"\x80\x04canary"}
    asked = []

    class Hub(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self):
            self.answer(whole=False)

        def do_GET(self):
            self.answer(whole=True)

        def answer(self, whole):
            path = self.path.split("?")[0]
            name = path.rpartition("/")[2]
            if COMMIT not in path:
                return self.say(404, b"{}", whole)
            if path.startswith("/api/"):
                listed = [
                    {
                        "type": "file",
                        "path": one,
                        "size": len(content),
                        "oid": hashlib.sha1(content).hexdigest(),
                    }
                    for one, content in files.items()
                ]
                return self.say(200, json.dumps(listed).encode(), whole)
            if whole:
                asked.append(name)
            content = files[name]
            tag = f'"{hashlib.sha1(content).hexdigest()}"'
            return self.say(200, content, whole, ETag=tag, **{"X-Repo-Commit": COMMIT})

        def say(self, status, content, whole, **headers):
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(content))}).items():
                self.send_header(name, value)
            self.end_headers()
            if whole:
                self.wfile.write(content)

        def log_message(self, *args):
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    yield asked
    server.shutdown()
    server.server_close()


def test_a_hub_model_is_fetched_once_at_its_commit_and_without_code_or_pickle(hub, tmp_path):
    found = find_model(f"owner/name@{COMMIT}", tmp_path)
    fetched = list(hub)

    assert (found.name, found.revision) == ("owner/name", COMMIT)
    assert not {"modeling_tiny.py", "pytorch_model.bin"} & set(fetched)
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(fetched)
    assert load_language_model(found).name == "owner/name"
    assert find_model(f"owner/name@{COMMIT}", tmp_path) == found
    assert hub == fetched


def test_a_commit_that_is_not_there_is_refused_and_leaves_nothing_behind(hub, tmp_path):
    with pytest.raises(ModelRefused, match="could not be fetched"):
        find_model(f"owner/name@{'0' * 40}", tmp_path)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_whoever_waits_is_told_that_the_work_goes_on_and_may_end_it(hub, tmp_path, monkeypatch):
    class Gone(Exception):
        pass

    def alive():
        raise Gone

    monkeypatch.setattr("workers.runtime.sources.BEAT_SECONDS", 0.01)

    with pytest.raises(Gone):
        find_model(f"owner/name@{COMMIT}", tmp_path, alive=alive)

    assert list((tmp_path / "hub").iterdir()) == []
