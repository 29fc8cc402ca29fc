"""As much of S3 as a bucket needs: objects by path, in memory. A signature has to be there, and is not verified."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


class _Objects(BaseHTTPRequestHandler):
    def do_PUT(self):
        if self._is_signed():
            content = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.objects[self._name()] = (content, self.headers["Content-Type"])
            self._answer(200)

    def do_GET(self):
        if self._is_signed():
            content, mime_type = self.server.objects.get(self._name(), (None, ""))
            asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            more = {"Content-Type": asked.get("response-content-type", mime_type)}
            if "response-content-disposition" in asked:
                more["Content-Disposition"] = asked["response-content-disposition"]
            self._answer(404 if content is None else 200, content or b"", **more)

    def do_HEAD(self):
        self.do_GET()

    def do_DELETE(self):
        if self._is_signed():
            self.server.objects.pop(self._name(), None)
            self._answer(204)

    def _name(self):
        return unquote(urlsplit(self.path).path).lstrip("/")

    def _is_signed(self):
        if "Signature=" in self.headers.get("Authorization", "") or "X-Amz-Signature=" in self.path:
            return True
        self._answer(403)
        return False

    def _answer(self, status, content=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), "ETag": '"x"', **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@contextmanager
def running():
    """Serve until left; yield the address and the objects, by bucket and name."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Objects)
    server.objects = {}
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.objects
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
