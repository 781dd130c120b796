"""Walk through docs/DEPLOY.md: two empty machines become a site with TLS, by the text alone.

`python -m deploy.walk --folder FOLDER` (`make walk`) needs root and ten minutes. FOLDER keeps the
empty Debian for the next time, and the log. Steps can be named: `… make first`, and at last `end`.
"""

import argparse
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.walk import steps
from deploy.walk.walking import Fault, Walk

STEPS: Mapping[str, Callable[[Walk], None]] = {
    "make": steps.make,
    "first": steps.build_first_host,
    "visit": steps.visit_everything,
    "backup": steps.back_up,
    "anew": steps.restore_on_new_database,
    "second": steps.build_second_host,
    "visit-two": steps.visit_again,
    "upgrade": steps.upgrade,
    "end": steps.end,
}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=", ".join(STEPS))
    options = parser.parse_args(arguments)
    walk = Walk(options.folder.resolve())
    try:
        for name in options.steps or STEPS:
            if name != "make":
                walk.attach()
            STEPS[name](walk)
    except Fault as fault:
        walk.faults.append(str(fault))
    except Exception:
        walk.faults.append(traceback.format_exc())
    if not options.steps and walk.faults:
        walk.attach()
        steps.end(walk)
    print(f"{len(walk.faults)} faults", *walk.faults, sep="\n  ")
    return bool(walk.faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
