"""Child process that runs a worker on untrusted data, with limits on its resources.

`python -I child.py WORKER MEMORY CPU_S FILE ARGUMENT…` loads the file WORKER, reads the data on
standard input, limits this process and prints the JSON of the worker's answer.

It imports no code of this project: loading Django would use the memory needed for a file.
"""

import json
import resource
import sys
import warnings
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any


def main(worker: str, memory: str, cpu_s: str, file: str, *arguments: str) -> str:
    warnings.simplefilter("ignore")
    module = load(worker)
    data = sys.stdin.buffer.read()
    limit_resources(int(memory), int(cpu_s), int(file))
    try:
        return json.dumps(module.work(list(arguments), data))
    except MemoryError:
        return '{"error": "large"}'


def load(path: str) -> Any:
    """Import a worker. Called before the limits are set, which apply to the data alone."""
    spec = spec_from_file_location("worker", path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def limit_resources(memory: int, cpu_s: int, file: int) -> None:
    """Limit this process's further memory, its CPU time and the files that it writes."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    total = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (total, total))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file, file))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.stdout.write(main(*sys.argv[1:]))
