"""Property tests write files and share their machine: an example may take its time."""

from hypothesis import settings

settings.register_profile("files", deadline=None)
settings.load_profile("files")
