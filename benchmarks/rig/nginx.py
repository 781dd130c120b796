"""An nginx configuration for several web hosts, with the rules of deploy/nginx."""

import re
from pathlib import Path

from benchmarks.rig.processes import ROOT

# With max_fails, nginx gives a host that is back one connection each fail_timeout until one of them
# ends, and a WebSocket does not: 200 sockets got 502 for 20 s, although the host served.
SERVER_OPTIONS = "max_fails=0"
NGINX = """
daemon off;
user root;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 16000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {upgrade}
    upstream pregao {{
        least_conn;
        {servers}
    }}
    server {{
        listen {listen};
        location / {{
        {location}
        }}
    }}
}}
"""


def nginx_conf(
    folder: Path, addresses: list[str], *, listen: str = "80", options: str = SERVER_OPTIONS
) -> str:
    """Return a configuration without TLS, with `folder` for its files."""
    servers = [f"server {address} {options};" for address in addresses]
    location = _directives(r"proxy_pass http.*?proxy_connect_timeout [^;]+;")
    return NGINX.format(
        folder=folder,
        listen=listen,
        upgrade=_directives(r"map \$http_upgrade.*?}"),
        servers="\n        ".join(servers),
        location=re.sub(r"http://127.0.0.1:\d+", "http://pregao", location),
    )


def _directives(pattern: str) -> str:
    """Return the first text of the files in deploy/nginx that matches."""
    texts = (path.read_text() for path in sorted((ROOT / "deploy/nginx").glob("*.conf")))
    return next(match[0] for text in texts if (match := re.search(pattern, text, re.DOTALL)))
