"""nginx with the nchan module, if installed: one channel for each symbol, or one for all."""

import http.client
import os
import shutil
import subprocess
import time
from pathlib import Path

from benchmarks.rig.processes import Rig, wait_until

PLACES = ("/usr/lib/nginx/modules", "/usr/share/nginx/modules", "/usr/lib64/nginx/modules")
EACH = 10
CONFIG = """
load_module {module};
daemon off; master_process off; worker_processes 1; worker_rlimit_nofile 16384;
pid {folder}/nginx.pid; error_log {folder}/nginx.log crit;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    keepalive_requests 1000000;
    location ~ ^/pub/(?<channel>\\w+)$ {{
      nchan_publisher; nchan_channel_id $channel; nchan_store_messages off;
    }}
    location = /sub/all {{ nchan_subscriber websocket; nchan_channel_id all; }}
    location ~ ^/sub/(?<channels>[\\w,]+)$ {{
      nchan_subscriber websocket; nchan_channel_id $channels;
      nchan_channel_id_split_delimiter ",";
    }}
  }}
}}
"""


def module() -> Path | None:
    """Return the path of the nchan module; NCHAN_MODULE overrides it."""
    named = os.environ.get("NCHAN_MODULE")
    paths = [Path(named)] if named else [Path(p) / "ngx_nchan_module.so" for p in PLACES]
    return next((path for path in paths if path.is_file()), None)


class Nchan:
    def __init__(self, rig: Rig) -> None:
        with rig.listen() as reserved:
            self.port = int(reserved.getsockname()[1])
        config = rig.folder / "nginx.conf"
        config.write_text(
            CONFIG.format(
                module=module(),
                folder=rig.folder,
                port=self.port,
            )
        )
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process: subprocess.Popen[bytes] = rig.start([nginx, "-c", str(config)])
        self.pid = self.process.pid
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port)
        wait_until(self._connects, 5, self.process)

    def publish(self, channel: str, body: str) -> None:
        self.connection.request("POST", f"/pub/{channel}", body.encode())
        self.connection.getresponse().read()

    def publish_all(self, bodies: dict[str, str]) -> int:
        """Publish a body to each channel; return the start time, monotonic, in ns."""
        started_at = time.monotonic_ns()
        for channel, body in bodies.items():
            self.publish(channel, body)
        return started_at

    def _connects(self) -> bool:
        try:
            self.connection.connect()
        except OSError:
            return False
        return True
