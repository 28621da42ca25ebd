"""The words of the world: invented names, ordinary nouns and verbs, and a few sentences in other scripts.

Plain tables. Two properties are relied upon elsewhere and tested: no verb form is the beginning of a form of another
verb (so that a cut inside a word never makes a phrase of another pair), and no word is a demonstrative except
`DEMONSTRATIVES`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verb:
    """The forms of one verb: mend, mends, mended, mended, mending."""

    base: str
    third: str
    past: str
    participle: str
    progressive: str

    @property
    def forms(self) -> tuple[str, ...]:
        """Each distinct form once."""
        return tuple(dict.fromkeys((self.base, self.third, self.past, self.participle, self.progressive)))


def regular(base: str, past: str | None = None, participle: str | None = None) -> Verb:
    """A verb by English spelling rules; `past` and `participle` where they are irregular."""
    stem = base.removesuffix("e")
    third = base + ("es" if base.endswith("sh") else "s")
    past = past or stem + "ed"
    return Verb(base, third, past, participle or past, stem + "ing")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def plural(noun: str) -> str:
    """All nouns here add s."""
    return noun + "s"


def with_article(words: str) -> str:
    """`words` after "a" or "an"."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


WOMEN = _words(
    "Ansha Belvi Corisa Delmira Elowe Fennaly Gisla Halwen Ilvana Jorisa Keldra Lunesa Ombria Nelith Orsina Pellia "
    "Quennay Rildis Sovra Tamsa Ulvia Venneth Wilnara Xandris Yselma Zelmi Aléna Zoëlis Nívane Sólvi Brünna Évaly"
)
MEN = _words(
    "Aldrun Borun Cestor Dorvan Eskel Farro Gorlan Hestor Ivarn Jandor Kesten Lodrik Murrek Noldan Osrik Perrod "
    "Quillon Rondar Seldor Taldo Ulfrin Voldar Wendor Xerno Yorrik Zandor Bénor Jörund Tomås Hålkan Çelik Ñandro"
)
NAMES = WOMEN + MEN

PEOPLE = _words(
    "sailor baker miller farmer painter singer teacher doctor porter weaver hunter gardener student cousin driver "
    "captain merchant actor scholar tailor carpenter soldier stranger visitor"
)
THINGS = _words(
    "kettle lantern basket ladder ribbon blanket hammer carpet candle mirror bottle pillow wagon barrel letter coat "
    "cup table chair boat clock spoon shovel saddle violin picture helmet bucket curtain drawer"
)
PLACES = _words("harbour valley village garden tower market bridge forest river station square island")
ADJECTIVES = _words("old red small heavy round bright cheap plain wooden dusty empty yellow")

TRANSITIVE = tuple(
    map(
        regular,
        _words("mend lift push count wash polish borrow collect admire repair deliver inspect paint pack weigh"),
    )
)
IRREGULAR = (
    regular("break", "broke", "broken"),
    regular("hide", "hid", "hidden"),
    regular("take", "took", "taken"),
    regular("steal", "stole", "stolen"),
    regular("draw", "drew", "drawn"),
    regular("choose", "chose", "chosen"),
    regular("weave", "wove", "woven"),
    regular("throw", "threw", "thrown"),
    regular("shake", "shook", "shaken"),
    regular("tear", "tore", "torn"),
    regular("see", "saw", "seen"),
    regular("know", "knew", "known"),
)
INTRANSITIVE = _words("slept laughed yawned smiled coughed arrived vanished waited sneezed danced wept rested")
REFLEXIVE = _words("praised blamed taught dressed amused defended trusted scolded")

SINGULAR_DEMONSTRATIVES = ("this", "that")
PLURAL_DEMONSTRATIVES = ("these", "those")
DEMONSTRATIVES = SINGULAR_DEMONSTRATIVES + PLURAL_DEMONSTRATIVES

NEGATED_AUXILIARIES = (("isn't", "aren't"), ("wasn't", "weren't"), ("hasn't", "haven't"), ("doesn't", "don't"))
"""(singular, plural)."""

SAYINGS = ("We are late", "It is cold here", "Nobody is at home", "The market is open", "I am tired")
SMILES = ("🙂", "🎉", "🌧️", "🐎")
FOREIGN = (
    "村里的集市今天很热闹。",
    "Le garçon aime la crème brûlée.",
    "Das Café öffnet früh.",
    "Привет из деревни!",
    "Everyone cheered 🎉🎉!",
    "The naïve façade looked déjà vu.",
)


def reflexive(name: str) -> str:
    """herself or himself, by the name's gender."""
    return "herself" if name in WOMEN else "himself"


def possessive(name: str) -> str:
    """her or his, by the name's gender."""
    return "her" if name in WOMEN else "his"


def auxiliary_complement(auxiliary: str, verb: Verb) -> str:
    """The form of `verb` that follows a negated auxiliary."""
    if auxiliary in ("hasn't", "haven't"):
        return verb.participle
    return verb.base if auxiliary in ("doesn't", "don't") else verb.progressive
