"""Files of uploads: MEDIA_ROOT/uploads/<key>/ with `file`, or `full.webp` and its thumbnails."""

import shutil

from mainapp.core.pictures.folders import Folders


class UploadFolders(Folders):
    """The folders of uploads."""

    def write(self, key: str, data: bytes) -> None:
        self.folder(key).mkdir(parents=True, exist_ok=True)
        (self.folder(key) / "file").write_bytes(data)

    def copy(self, key: str, new_key: str) -> None:
        """Copy a folder with its files; nothing happens if it does not exist."""
        if self.folder(key).is_dir():
            shutil.copytree(self.folder(key), self.folder(new_key))


FOLDERS = UploadFolders("uploads")
