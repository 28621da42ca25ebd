"""What is sent to make a set of: read, and held against the limits; small bodies in the service, all in the child."""

from __future__ import annotations

from typing import Literal

from exposure.api.uploads import PairSetRequest, PhraseSetRequest
from service.bodies.json_bodies import read
from service.errors import LimitError
from service.roots import operator_roots as roots
from service.settings import Settings

UploadKind = Literal["pair_set", "phrase_set"]
UPLOADS: dict[UploadKind, type[PairSetRequest] | type[PhraseSetRequest]] = {
    "pair_set": PairSetRequest,
    "phrase_set": PhraseSetRequest,
}


def read_upload(settings: Settings, kind: UploadKind, body: bytes) -> PairSetRequest | PhraseSetRequest:
    """What `body` asks for.

    Raises BodyError, InvalidRequestError, LimitError, and RootError for a path that is not beneath its root.
    """
    asked: PairSetRequest | PhraseSetRequest = read(body, UPLOADS[kind], settings.limits.phrases + 1)
    if isinstance(asked, PairSetRequest):
        _refuse_excess(len(asked.pairs or ()), settings)
    else:
        _refuse_excess(len(asked.phrases or ()), settings)
        _refuse_long(asked.phrases or [], settings)
    if asked.rooted is not None:
        roots.resolve(settings, asked.rooted)
    return asked


def _refuse_excess(count: int, settings: Settings) -> None:
    most = settings.limits.phrases
    if count > most:
        raise LimitError(f"More than {most:,} were sent, which is the most. Name a file under a root instead.")


def _refuse_long(phrases: list[str], settings: Settings) -> None:
    most = settings.limits.phrase_characters
    for place, phrase in enumerate(phrases):
        if len(phrase) > most:
            raise LimitError(f"Phrase {place} has {len(phrase):,} characters, {most:,} is the most. Leave it out.")
