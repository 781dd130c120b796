"""Files of uploads: uploads/<key>/ with `file`, or `full.webp` and its thumbnails."""

from mainapp.core.pictures.folders import Folders

FILE, PICTURE = "file", "full.webp"
FOLDERS = Folders("uploads")
