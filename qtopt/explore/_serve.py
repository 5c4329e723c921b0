"""The page of a search that goes on, served to browsers of this machine only."""

import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ._page import page

HOST = "127.0.0.1"


class Live:
    """Serves the explorer on 127.0.0.1, at a free port, from a thread; it ends with the process.

    The page asks every second whether there are newer data. Requests that name another host are refused, so
    that no web page of a stranger can read them under a name of its own.

    Attributes:
        address: what to open in a browser.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.data, self.version, self.fetched = data, secrets.randbelow(10**9), -1
        self.server = ThreadingHTTPServer((HOST, 0), _handler(self))
        self.server.daemon_threads = True
        self.address = f"http://{HOST}:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def update(self, data: dict[str, Any]) -> None:
        """Show these from now on."""
        self.data, self.version = data, self.version + 1

    def close(self, patience: float = 3.0) -> None:
        """End; a page that is open somewhere gets what is newest before, if it asks for it in time."""
        end = time.monotonic() + patience
        while 0 <= self.fetched < self.version and time.monotonic() < end:
            time.sleep(0.05)
        self.server.shutdown()
        self.server.server_close()


def _handler(live: Live) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name, _, port = self.headers.get("Host", "").rpartition(":")
            asked = urlsplit(self.path)
            if name not in (HOST, "localhost") or port != str(live.server.server_address[1]):
                self.send_error(403)
            elif asked.path == "/":
                live.fetched = max(live.fetched, 0)
                self._send("text/html; charset=utf-8", page(live.data))
            elif asked.path == "/data.json":
                version, data = live.version, live.data
                if parse_qs(asked.query).get("after") == [str(version)]:
                    live.fetched = version
                    self.send_response(204)
                    self.end_headers()
                else:
                    self._send("application/json", json.dumps({"version": version, "data": data}))
                    live.fetched = version
            else:
                self.send_error(404)

        def _send(self, kind: str, text: str) -> None:
            content = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: standard error shows the progress of the search."""

    return Handler
