"""What can be wrong with a request or with starting the service, beside the errors of exposure.errors."""

from __future__ import annotations

from exposure.errors import ExposureError


class ServiceError(ExposureError):
    """The service cannot start."""


class NotFoundError(ExposureError):
    """A timeline, or another thing of the service, that does not exist."""


class NotIndexedError(ExposureError):
    """A phrase that the timeline was never asked to look for, so that it has no history."""


class LimitError(ExposureError):
    """More than one request may ask for."""


class NotAcceptableError(ExposureError):
    """An answer was wanted in a form that the service does not write."""


class ParameterError(ExposureError):
    """A query parameter that the route does not know, or that was given twice."""
