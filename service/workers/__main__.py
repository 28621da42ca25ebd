"""`python -m service.workers`: a worker that a service started; what it is told stands on standard input, as JSON."""

from __future__ import annotations

import json
import logging
import sys

from exposure.errors import ExposureError
from exposure.lifeline import end_with_parent
from service.telemetry.logs import configure
from service.workers.embedded import SETTINGS
from service.workers.link import Link
from service.workers.worker import Worker


def main() -> int:
    """Work until the service ends; the exit status."""
    end_with_parent()
    told = json.load(sys.stdin)
    settings = SETTINGS.validate_python(told["settings"])
    configure(settings.log_format)
    worker = Worker(settings, Link(told["service"], told["key"]), told["kind"])
    worker.obey_signals()
    try:
        worker.run()
    except ExposureError as error:
        logging.getLogger("exposure.worker").error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
