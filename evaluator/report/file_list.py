"""files.json of a report: the sha256 of each of its files, sealed, so that none that changed on the disk is believed.

It is removed before a report is written and is there again when all is: whoever finds a list and a file that does not
fit, and finds both again, has found damage.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from exposure.artefacts import atomic_write, sync_to_disk
from exposure.provenance import sha256_of_file
from exposure.sealed import sealed, unsealed

LIST = "files.json"
FORMAT = "exposure.report-files"


def write_list(folder: Path, names: Sequence[str]) -> None:
    """Write durably what the files `names` of a report hold now."""
    files = {name: sha256_of_file(folder / name) for name in sorted(names)}
    document = sealed({"format": FORMAT, "version": 1, "files": files})
    with atomic_write(folder / LIST) as partial:
        partial.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def remove_list(folder: Path) -> None:
    """Remove durably the list of a report that is about to be written."""
    (folder / LIST).unlink(missing_ok=True)
    sync_to_disk(folder)


def digests_from(text: str | bytes) -> dict[str, str]:
    """File → sha256, as a files.json says; raises ValueError where it is none, or damaged."""
    fields = unsealed(json.loads(text))
    if fields.get("format") != FORMAT or fields.get("version") != 1:
        raise ValueError(f"it is of the format {fields.get('format')} {fields.get('version')}")
    files = fields.get("files")
    if not isinstance(files, dict):
        raise ValueError("it lists no files")
    return {str(name): str(digest) for name, digest in files.items()}
