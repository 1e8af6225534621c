"""A small model hub on loopback: the part of the Hugging Face protocol that fetching a checkpoint uses."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import unquote, urlsplit

LARGE_ENDINGS = (".safetensors", ".bin", ".h5")


@dataclass
class Repository:
    """One repository: its files, and who may read it."""

    files: dict[str, bytes]
    gated: bool = False
    token: str | None = None

    @property
    def revision(self) -> str:
        """A commit hash that changes with the files."""
        digest = hashlib.sha1(usedforsecurity=False)
        for name, content in sorted(self.files.items()):
            digest.update(name.encode() + hashlib.sha256(content).digest())
        return digest.hexdigest()

    def siblings(self) -> list[dict]:
        """The files as the API lists them."""
        return [
            {"rfilename": name, **describe(content, name)} for name, content in sorted(self.files.items())
        ]

    def tree(self) -> list[dict]:
        """The files as the tree listing gives them."""
        return [
            {"type": "file", "path": name, "oid": git_hash(content), "size": len(content)}
            for name, content in sorted(self.files.items())
        ]


@dataclass
class Seen:
    """One request the hub answered."""

    method: str
    path: str
    range: str | None
    token: str | None


@dataclass
class LoopbackHub:
    """A hub that serves the repositories added to it; use it in a ``with`` block and read ``url``.

    ``break_off[name]`` makes the next download of that file end after so many bytes, once;
    ``status`` makes every answer an error; ``damage`` names files whose bytes arrive altered.
    """

    repositories: dict[str, Repository] = field(default_factory=dict)
    break_off: dict[str, int] = field(default_factory=dict)
    damage: set[str] = field(default_factory=set)
    status: int | None = None
    seen: list[Seen] = field(default_factory=list)

    def add(self, repo: str, folder: Path, *, gated: bool = False, token: str | None = None) -> Repository:
        """Serve the files of a folder as a repository."""
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        self.repositories[repo] = Repository(files, gated, token)
        return self.repositories[repo]

    @property
    def url(self) -> str:
        """Where the hub listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def downloads(self, name: str) -> list[Seen]:
        """The downloads of one file so far."""
        return [one for one in self.seen if one.method == "GET" and one.path.endswith(f"/{name}")]

    def __enter__(self) -> LoopbackHub:
        hub = self

        class Handler(HubHandler):
            pass

        Handler.hub = hub
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def git_hash(content: bytes) -> str:
    """The name git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def describe(content: bytes, name: str) -> dict:
    """Size and hashes of a file, as the API gives them."""
    facts: dict = {"size": len(content), "blobId": git_hash(content)}
    if name.endswith(LARGE_ENDINGS):
        facts["lfs"] = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "pointerSize": 134,
        }
    return facts


class HubHandler(BaseHTTPRequestHandler):
    """Answers the API, the resolve address and, for large files, the storage it points to."""

    hub: LoopbackHub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        """Answer with headers alone."""
        self.answer(body=False)

    def do_GET(self) -> None:
        """Answer with headers and content."""
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        """Find what the address means and send it."""
        path = unquote(urlsplit(self.path).path).strip("/")
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        self.hub.seen.append(Seen(self.command, path, self.headers.get("Range"), token))
        if self.hub.status is not None:
            return self.refuse(self.hub.status, "", body)
        parts = path.split("/")
        repo = (
            "/".join(parts[2:4])
            if parts[0] == "api"
            else "/".join(parts[1:3] if parts[0] == "cdn" else parts[:2])
        )
        found = self.hub.repositories.get(repo)
        if found is None or (found.token and not found.gated and token != found.token):
            return self.refuse(404 if token else 401, "RepoNotFound", body)
        if parts[0] == "api":
            return self.send_api(found, repo, parts[4:], body)
        if found.gated and token != found.token:
            return self.refuse(403 if token else 401, "GatedRepo", body)
        name = parts[-1]
        if name not in found.files:
            return self.refuse(404, "EntryNotFound", body)
        if parts[0] != "cdn" and name.endswith(LARGE_ENDINGS):
            return self.send_elsewhere(found, repo, name)
        return self.send_content(found, name, body)

    def send_api(self, found: Repository, repo: str, rest: list[str], body: bool) -> None:
        """Send what is known of a repository, or its tree."""
        answer: object = found.tree()
        if not rest or rest[0] == "revision":
            answer = {
                "id": repo,
                "modelId": repo,
                "sha": found.revision,
                "private": False,
                "gated": "auto" if found.gated else False,
                "disabled": False,
                "tags": [],
                "siblings": found.siblings(),
            }
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def send_elsewhere(self, found: Repository, repo: str, name: str) -> None:
        """Point to the storage of a large file, as the real hub does."""
        content = found.files[name]
        self.send_response(302)
        self.send_header("X-Repo-Commit", found.revision)
        self.send_header("X-Linked-Size", str(len(content)))
        self.send_header("X-Linked-ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Location", f"{self.hub.url}/cdn/{repo}/{name}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_content(self, found: Repository, name: str, body: bool) -> None:
        """Send a file or the range asked for; break off where the test wants it."""
        content = found.files[name]
        wanted = self.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("X-Repo-Commit", found.revision)
        self.send_header("ETag", f'"{git_hash(content)}"')
        self.send_header("Accept-Ranges", "bytes")
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if not body:
            return
        if name in self.hub.damage:
            content = bytes(255 - one for one in content)
        limit = self.hub.break_off.pop(name, None)
        self.wfile.write(content[start : start + limit] if limit is not None else content[start:])
        if limit is not None:
            self.wfile.flush()
            self.close_connection = True

    def refuse(self, status: int, code: str, body: bool) -> None:
        """Send an error as the hub does: its kind is in a header."""
        content = json.dumps({"error": code or "error"}).encode()
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output quiet."""
