"""What made scores: versions of the libraries that compute them, and the kind of device."""

from __future__ import annotations

import torch

from exposure.provenance import version_of, versions


def provenance(device: torch.device) -> dict[str, object]:
    """JSON values for the metadata of every file of scores."""
    libraries = {name: version_of(name) for name in ("torch", "transformers", "safetensors")}
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return {"versions": {**versions(), **libraries}, "device": name}
