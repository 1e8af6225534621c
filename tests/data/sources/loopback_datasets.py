"""A small hub of datasets on loopback: the part of the Hugging Face protocol that `datasets` uses."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class DatasetHub:
    """Repositories by name, each {path: content}; ``gated`` names those that nobody may read."""

    repositories: dict[str, dict[str, bytes]]
    gated: set[str] = field(default_factory=set)
    tokens: list[str | None] = field(default_factory=list)
    url: str = ""


@contextmanager
def serve_hub(hub: DatasetHub) -> Iterator[DatasetHub]:
    """Serve the repositories; ``url`` says where."""
    handler = type("Handler", (HubHandler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class HubHandler(BaseHTTPRequestHandler):
    """Answers what is asked about a repository, its tree, and its files."""

    hub: DatasetHub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        """Headers alone."""
        self.answer(body=False)

    def do_GET(self) -> None:
        """Headers and content."""
        self.answer(body=True)

    def do_POST(self) -> None:
        """What is known of some paths."""
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        wanted = json.loads(content)["paths"] if content.startswith("{") else parse_qs(content)["paths"]
        repo = "/".join(unquote(urlsplit(self.path).path).split("/")[3:5])
        entries = self.entries(repo)
        self.send_json([one for one in entries if one["path"] in wanted], body=True)

    def answer(self, body: bool) -> None:
        """Find what the address means."""
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        self.hub.tokens.append(self.headers.get("Authorization"))
        is_api = parts[0] == "api"
        repo = "/".join(parts[2:4] if is_api else parts[1:3])
        files = self.hub.repositories.get(repo)
        if files is None or (parts[1] if is_api else parts[0]) != "datasets":
            return self.send(401, b"{}", body, {"X-Error-Code": "RepoNotFound"})
        if repo in self.hub.gated:
            return self.send(403, b"{}", body, {"X-Error-Code": "GatedRepo"})
        if not is_api:
            return self.send_file(files, "/".join(parts[5:]), body)
        if parts[4:5] == ["tree"]:
            return self.send_tree(repo, "/".join(parts[6:]), body)
        siblings = [{"rfilename": path, "size": len(content)} for path, content in files.items()]
        facts = {"id": repo, "sha": REVISION, "private": False, "disabled": False, "gated": False, "tags": []}
        return self.send_json({**facts, "siblings": siblings, "downloads": 0, "likes": 0}, body)

    def entries(self, repo: str) -> list[dict]:
        """Files and folders, as the tree lists them."""
        files = self.hub.repositories[repo]
        folders = {path.rsplit("/", 1)[0] for path in files if "/" in path}
        return [
            *({"type": "directory", "path": path, "oid": "0" * 40, "size": 0} for path in sorted(folders)),
            *(
                {"type": "file", "path": path, "oid": hash_of(content), "size": len(content)}
                for path, content in sorted(files.items())
            ),
        ]

    def send_tree(self, repo: str, below: str, body: bool) -> None:
        """The entries below a folder; 404 where there are none."""
        found = [one for one in self.entries(repo) if not below or one["path"].startswith(f"{below}/")]
        if below and not found:
            return self.send(404, b"{}", body, {"X-Error-Code": "EntryNotFound"})
        return self.send_json(found, body)

    def send_file(self, files: dict[str, bytes], path: str, body: bool) -> None:
        """A file, or a part of it."""
        if path not in files:
            return self.send(404, b"{}", body, {"X-Error-Code": "EntryNotFound"})
        content = files[path]
        facts = {"X-Repo-Commit": REVISION, "ETag": f'"{hash_of(content)}"', "Accept-Ranges": "bytes"}
        wanted = self.headers.get("Range")
        if wanted:
            start, _, end = wanted.removeprefix("bytes=").partition("-")
            first, last = int(start), min(int(end or len(content) - 1), len(content) - 1)
            facts["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
            return self.send(206, content[first : last + 1], body, facts)
        return self.send(200, content, body, facts)

    def send_json(self, value: object, body: bool) -> None:
        """A value."""
        self.send(200, json.dumps(value).encode(), body, {"Content-Type": "application/json"})

    def send(self, status: int, content: bytes, body: bool, headers: dict[str, str]) -> None:
        """Status, headers and content."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output quiet."""


def hash_of(content: bytes) -> str:
    """A name of the content."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
