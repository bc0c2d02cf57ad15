# SPDX-License-Identifier: MIT
"""A web server for ponds that are read over HTTP: nginx, over a folder or in front of another."""
import contextlib
import os
import pathlib
import re
import subprocess
import sys

from program import ROOT

sys.path.insert(0, str(ROOT / "bench"))
from harness import places, servers  # noqa: E402 (what the path above is for)

CONFIGURATION = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
worker_processes 1;
{user}
events {{}}
http {{
  log_format asked '$request_method $uri $status $http_range';
  access_log {folder}/access.log asked;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  proxy_cache_path {folder}/cache keys_zone=pond:1m;
  server {{
    listen 127.0.0.1:{port};
    {places}
  }}
}}
"""


class Web:
    """nginx with the given `location` blocks, on a port of its own; use it as a context."""

    def __init__(self, folder, *locations):
        places.require(places.NGINX)
        self.folder = pathlib.Path(folder) / "web"
        self.folder.mkdir()
        self.port = servers.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process = None
        self.configure(*locations)

    def configure(self, *locations):
        """What it serves from the next start on."""
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(CONFIGURATION.format(
            folder=self.folder, port=self.port, user=user, places="\n".join(locations)))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self._process = subprocess.Popen(
            [places.NGINX, "-p", self.folder, "-c", self.folder / "nginx.conf",
             "-e", self.folder / "error.log"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def up():
            if self._process.poll() is not None:
                raise RuntimeError((self.folder / "error.log").read_text())
            return servers.accepts(self.port)

        servers.wait_for(up, "nginx")

    def stop(self):
        if self._process is not None:
            servers.stop(self._process)
            self._process = None

    @contextlib.contextmanager
    def stopped(self):
        self.stop()
        yield
        self.start()

    def asked(self, pattern=""):
        """Requests since the last call, as "GET /pond.log 200 bytes=5-", that match."""
        log = self.folder / "access.log"
        with open(log, encoding="utf-8") as lines:
            seen = lines.read().splitlines()
        os.truncate(log, 0)
        return [line for line in seen if re.search(pattern, line)]


def files(folder, more=""):
    return f"location / {{ root {folder}; {more} }}"


def caching(upstream, log="proxy_cache_valid 200 1h;"):
    """A CDN over `upstream`: what never changes for long, and the log as `log` says."""
    common = f"proxy_pass {upstream}; proxy_cache pond; proxy_cache_key $uri;"
    return (f"location / {{ {common} }}\n"
            f"location ~ /pond.log$ {{ proxy_pass {upstream}; proxy_cache pond; "
            f"proxy_cache_key $uri; proxy_ignore_headers Cache-Control; "
            f"proxy_hide_header Cache-Control; {log} }}")
