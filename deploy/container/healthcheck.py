"""Ask the web server of this container whether it answers; for the image's HEALTHCHECK.

It imports only the standard library: with the project's packages each check took 1 s of CPU.
"""

import os
import sys
import urllib.error
import urllib.request

TIMEOUT_S = 3


def main() -> None:
    url = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/healthz"
    # Without the environment's proxies, which would be asked for 127.0.0.1.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=TIMEOUT_S) as response:
            response.read()
    except (OSError, ValueError) as error:
        sys.exit(f"{url}: {error}")


if __name__ == "__main__":
    main()
