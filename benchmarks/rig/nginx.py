"""An nginx configuration for several web hosts, with the rules of deploy/nginx."""

from pathlib import Path

from benchmarks.rig.processes import ROOT

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
        listen 80;
        {location}
    }}
}}
"""


def nginx_conf(folder: Path, addresses: list[str]) -> str:
    """Return a configuration for a plain port 80, with `folder` for its files."""
    text = (ROOT / "deploy/nginx/pregao.conf").read_text()
    upgrade = text[text.index("map $http_upgrade") : text.index("# Without the query")]
    location = text[text.index("    location / {\n        proxy_pass") :].rstrip()
    location = location.removesuffix("}").replace("http://127.0.0.1:8000", "http://pregao")
    servers = [f"server {address} max_fails=1 fail_timeout=2s;" for address in addresses]
    return NGINX.format(
        folder=folder, upgrade=upgrade, servers="\n        ".join(servers), location=location
    )
