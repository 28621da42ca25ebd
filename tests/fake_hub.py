"""A hub on loopback: the few addresses of it that huggingface_hub asks when it fetches a model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

BIG = (".safetensors", ".bin")


@dataclass
class FakeHub:
    """Repositories by name, in them revisions, in them files."""

    url: str = ""
    repositories: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    downloads: list[str] = field(default_factory=list)
    """revision/file of every body that was sent."""
    is_down: bool = False

    def add(self, repo: str, revision: str, folder: Path) -> None:
        """Publish the files of a folder."""
        files = {one.name: one.read_bytes() for one in folder.iterdir()}
        self.repositories.setdefault(repo, {})[revision] = files

    def commit(self, repo: str, revision: str) -> str:
        """The commit of a revision."""
        return hashlib.sha1(f"{repo}@{revision}".encode()).hexdigest()

    def revision_of(self, repo: str, asked: str) -> str | None:
        """The revision that a name or a commit stands for."""
        revisions = self.repositories[repo]
        return next((one for one in revisions if asked in (one, self.commit(repo, one))), None)


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """A hub that runs inside the block."""
    hub = FakeHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, with_body: bool) -> None:
            parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
            if hub.is_down:
                self._send(503, b"", {}, with_body)
            elif parts[:2] == ["api", "models"]:
                self._listing("/".join(parts[2:4]), *parts[4:6], with_body=with_body)
            else:
                self._file("/".join(parts[:2]), parts[3], parts[4], with_body)

        def _listing(self, repo: str, kind: str, asked: str, with_body: bool) -> None:
            found = self._found(repo, asked, with_body)
            if found is None:
                return
            revision, files = found
            if kind == "tree":
                listed: Any = [_tree_entry(name, content) for name, content in files.items()]
            else:
                siblings = [_sibling(name, content) for name, content in files.items()]
                listed = {"id": repo, "sha": hub.commit(repo, revision), "siblings": siblings}
            self._send(200, json.dumps(listed).encode(), {"Content-Type": "application/json"}, with_body)

        def _file(self, repo: str, asked: str, name: str, with_body: bool) -> None:
            found = self._found(repo, asked, with_body)
            if found is None:
                return
            revision, files = found
            if name not in files:
                self._send(404, b"", {"X-Error-Code": "EntryNotFound"}, with_body)
                return
            if with_body:
                hub.downloads.append(f"{revision}/{name}")
            headers = {"X-Repo-Commit": hub.commit(repo, revision), "ETag": f'"{_etag(name, files[name])}"'}
            self._send(200, files[name], headers, with_body)

        def _found(self, repo: str, asked: str, with_body: bool) -> tuple[str, dict[str, bytes]] | None:
            if repo not in hub.repositories:
                self._send(404, b"", {"X-Error-Code": "RepoNotFound"}, with_body)
                return None
            revision = hub.revision_of(repo, asked)
            if revision is None:
                self._send(404, b"", {"X-Error-Code": "RevisionNotFound"}, with_body)
                return None
            return revision, hub.repositories[repo][revision]

        def _send(self, status: int, body: bytes, headers: dict[str, str], with_body: bool) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if with_body:
                self.wfile.write(body)

    return Handler


def _etag(name: str, content: bytes) -> str:
    if name.endswith(BIG):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _large(name: str, content: bytes) -> dict[str, Any]:
    return {"lfs": {"sha256": _etag(name, content), "size": len(content), "pointerSize": 134}}


def _sibling(name: str, content: bytes) -> dict[str, Any]:
    small = {"rfilename": name, "size": len(content), "blobId": hashlib.sha1(content).hexdigest()}
    return {**small, **(_large(name, content) if name.endswith(BIG) else {})}


def _tree_entry(name: str, content: bytes) -> dict[str, Any]:
    small = {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
    if not name.endswith(BIG):
        return small
    return {**small, "lfs": {"oid": _etag(name, content), "size": len(content), "pointerSize": 134}}
