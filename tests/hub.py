"""A stand-in of the hub that answers as huggingface_hub asks: repositories as files in memory."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REFUSED = {"error": "no <\x1b[31m>", "errors": [{"message": "no such licence"}]}


class StandIn(ThreadingHTTPServer):
    """`refuses` holds an answer by a part of a path."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.refuses: dict[str, int] = {}
        self.repos: dict[str, dict[str, bytes]] = {}
        self.made: list[dict[str, Any]] = []
        self.large: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.tokens: set[str | None] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: StandIn

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(lambda: self._posted(body))

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.large[hashlib.sha256(body).hexdigest()] = body
        self._answer(dict)

    def do_GET(self) -> None:
        self._answer(dict, missing=404)  # no repository is there before its first commit

    def log_message(self, *words: object) -> None: ...

    def _answer(self, made: Callable[[], Any], missing: int = 200) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        if self.command == "POST":
            self.server.tokens.add(self.headers.get("Authorization"))
        status = next((code for part, code in self.server.refuses.items() if part in self.path), missing)
        told = REFUSED if status >= 400 else made()
        content = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _posted(self, body: bytes) -> Any:
        if self.path == "/api/repos/create":
            self.server.made.append(json.loads(body))
            return {"url": f"{self.server.url}/me/small", "name": "me/small"}
        if self.path == "/api/validate-yaml":
            return {"errors": [], "warnings": [{"message": "no pipeline_tag"}]}
        if "/preupload/" in self.path:
            return {"files": [self._mode(file) for file in json.loads(body)["files"]]}
        if self.path.endswith("/info/lfs/objects/batch"):
            return {"objects": [self._where(one) for one in json.loads(body)["objects"]]}
        return self._commit([json.loads(line) for line in body.splitlines()])

    def _mode(self, file: dict[str, Any]) -> dict[str, Any]:
        large = file["path"].endswith(".safetensors")
        return {"path": file["path"], "uploadMode": "lfs" if large else "regular", "shouldIgnore": False}

    def _where(self, one: dict[str, Any]) -> dict[str, Any]:
        return {**one, "actions": {"upload": {"href": f"{self.server.url}/large/{one['oid']}"}}}

    def _commit(self, lines: list[dict[str, Any]]) -> dict[str, Any]:
        files = self.server.repos.setdefault("me/small", {})
        for line in lines:
            about = line["value"]
            if line["key"] == "file":
                files[about["path"]] = base64.b64decode(about["content"])
            if line["key"] == "lfsFile":
                files[about["path"]] = self.server.large[about["oid"]]
        return {"commitUrl": f"{self.server.url}/me/small/commit/{'0' * 40}", "commitOid": "0" * 40}
