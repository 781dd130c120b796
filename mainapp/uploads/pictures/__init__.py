"""The files of uploads on disk, and the decoding of pictures in a resource-limited process."""
