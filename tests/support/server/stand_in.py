"""As much of vLLM as its supervisor asks for, of the standard library alone: it starts in a tenth of serve.py's time.

python -S tests/support/server/stand_in.py SOCKET

answers /health, /version and /metrics on a Unix socket. A completion is never finished, and counts as running.
"""

from __future__ import annotations

import socketserver
import sys
import threading

BODIES = {
    "/health": "",
    "/version": '{"version": "test"}',
    "/metrics": 'vllm:num_requests_running{{engine="0"}} {}.0\n',
}


class Answers(socketserver.StreamRequestHandler):
    """Answers one request of one connection."""

    completions = 0

    def handle(self) -> None:
        method, path, _ = self.rfile.readline().decode("ascii").split()
        if method == "POST":
            Answers.completions += 1
            threading.Event().wait()
        while self.rfile.readline().strip():
            pass
        body = BODIES[path].format(Answers.completions) if path == "/metrics" else BODIES[path]
        self.wfile.write(f"HTTP/1.0 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode("ascii"))


if __name__ == "__main__":
    with socketserver.ThreadingUnixStreamServer(sys.argv[1], Answers) as server:
        server.daemon_threads = True
        server.serve_forever()
