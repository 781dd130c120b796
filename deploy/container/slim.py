"""Remove what a running instance does not use from an installation: only for the image's build.

That is: the tests of packages, the installers pip and uv, and the files of npm packages that no
page names.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
INSTALLERS = ("pip", "uv")
KEPT = (".package-lock", "LICENSE")  # the mark of `make`, and the licences of what is kept


def main() -> None:
    sys.path.insert(0, str(ROOT))
    from project import settings  # noqa: PLC0415 - its folder is on the path only now

    packages = next(VENV.glob("lib/python*/site-packages"))
    for folder in list(packages.rglob("tests")):
        shutil.rmtree(folder, ignore_errors=True)
    for name in INSTALLERS:
        remove_package(packages, name)
    shutil.rmtree(ROOT / ".venv-node", ignore_errors=True)
    used = used_files(settings)
    for path in list((ROOT / "node_modules").rglob("*")):
        if path.is_file() and path not in used and not path.name.startswith(KEPT):
            path.unlink()


def remove_package(packages: Path, name: str) -> None:
    for path in [packages / name, *packages.glob(f"{name}-*.dist-info")]:
        shutil.rmtree(path, ignore_errors=True)
    for path in (VENV / "bin").glob(f"{name}*"):
        path.unlink()


def used_files(settings: Any) -> set[Path]:
    """Return the files in node_modules that settings.PACKAGE_FILES names."""
    folders = [entry for entry in settings.STATICFILES_DIRS if isinstance(entry, tuple)]
    return {
        Path(folder) / name.removeprefix(f"{prefix}/")
        for prefix, folder in folders
        for name in settings.PACKAGE_FILES
        if name.startswith(f"{prefix}/")
    }


if __name__ == "__main__":
    main()
