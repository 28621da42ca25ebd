"""The 67 paradigms of BLiMP, each with its rule, and the 12 phenomena that they belong to."""

from __future__ import annotations

from exposure.blimp import (
    anaphor_agreement,
    argument_structure,
    binding,
    control_raising,
    determiner_noun_agreement,
    ellipsis,
    filler_gap,
    irregular_forms,
    island_effects,
    npi_licensing,
    quantifiers,
    subject_verb_agreement,
)
from exposure.rules import ParadigmRule

_RULES = (
    *anaphor_agreement.RULES,
    *argument_structure.RULES,
    *binding.RULES,
    *control_raising.RULES,
    *determiner_noun_agreement.RULES,
    *ellipsis.RULES,
    *filler_gap.RULES,
    *irregular_forms.RULES,
    *island_effects.RULES,
    *npi_licensing.RULES,
    *quantifiers.RULES,
    *subject_verb_agreement.RULES,
)

PARADIGMS: dict[str, ParadigmRule] = {rule.uid: rule for rule in _RULES}
"""UID → our rule."""

PHENOMENA: dict[str, str] = {
    "anaphor_agreement": "anaphor_agreement",
    "argument_structure": "argument_structure",
    "binding": "binding",
    "control_raising": "control_raising",
    "determiner_noun_agreement": "determiner_noun_agreement",
    "ellipsis": "ellipsis",
    "filler_gap_dependency": "filler_gap_dependency",
    "irregular_forms": "irregular_forms",
    "island_effects": "island_effects",
    "npi_licensing": "npi_licensing",
    "quantifiers": "quantifiers",
    "s-selection": "argument_structure",
    "subject_verb_agreement": "subject_verb_agreement",
}
"""`linguistics_term` of the files (13 values) → published phenomenon (12). The files' `field` is no help: binding is
under both 'syntax_semantics' and 'syntax/semantics'."""
