"""The head of the page and what was found, in sentences."""

from __future__ import annotations

from evaluator.report.build import Report
from evaluator.report.findings import Finding, criterion, findings, headline, resolution_note
from evaluator.report.inside.inside_findings import inside_findings
from evaluator.report.markup import breakable, safe, tag
from evaluator.report.page_parts import note, section
from evaluator.report.wording import count_text, list_text, steps_text, threshold_text

CONTENTS = (
    ("findings", "Findings"),
    ("lags", "Lags"),
    ("curves", "Curves"),
    ("grid", "Paradigms"),
    ("cohorts", "Since exposure"),
    ("concepts", "Concept vectors"),
    ("attention", "Attention"),
    ("copying", "Copying"),
    ("induction", "Induction heads"),
    ("funnel", "Funnel"),
    ("compared", "Runs compared"),
    ("checkpoints", "Checkpoints"),
    ("conventions", "Conventions"),
)


def header(report: Report) -> str:
    """The name of what was evaluated, what it is, and where to go from here."""
    names = [run.name for run in report.runs]
    title = names[0] if len(names) == 1 else f"{len(names)} evaluations side by side"
    lines = [tag("p", safe(_what(report, at)), class_="what") for at in range(len(names))]
    links = [tag("a", safe(name), href=f"#{anchor}") for anchor, name in CONTENTS if _is_there(report, anchor)]
    nav = tag("nav", *links, aria_label="Contents")
    return tag("header", tag("p", "exposure report", class_="over"), tag("h1", safe(title)), *lines, nav)


def _is_there(report: Report, anchor: str) -> bool:
    if anchor in ("lags", "funnel"):
        return bool(report.delays)
    if anchor == "compared":
        return report.compared is not None
    if anchor in ("concepts", "attention", "copying", "induction"):
        return any(getattr(run.inside, anchor) is not None for run in report.runs)
    return anchor != "cohorts" or (report.request.policy == "seen-by" and report.has_exposures)


def _what(report: Report, at: int) -> str:
    run = report.runs[at]
    steps = run.steps.tolist()
    scored = count_text(len(steps), "checkpoint")
    span = f"steps {steps_text(steps[0])} to {steps_text(steps[-1])}" if len(steps) > 1 else f"step {steps[0]:,}"
    pairs = sum(int(group.pooled.pairs[0]) for group in run.groups("paradigm"))
    named = f"{run.name}: " if len(report.runs) > 1 else ""
    paradigms = count_text(len(run.groups("paradigm")), "paradigm")
    return (
        f"{named}{run.manifest.series}, {scored} from {span}, {count_text(pairs, 'minimal pair')} of {paradigms}, "
        f"convention {run.convention.name} ({run.manifest.dtype})."
    ).replace("from steps", "at steps")


def findings_section(report: Report) -> str:
    """The finding on the whole, then one sentence a phenomenon."""
    parts = [tag("p", breakable(headline(report)), class_="headline")]
    if report.delays:
        items = [
            tag(
                "li",
                tag("b", safe(one.about)),
                tag("span", breakable(one.sentence)),
                class_="leads" if one.leads else None,
            )
            for one in findings(report)
        ]
        parts.append(tag("ul", *items, class_="findings"))
        parts.append(note(criterion(report)))
        parts.append(note(_how_split(report)))
    if inside := inside_findings(report):
        items = [tag("li", tag("b", breakable(one.title)), tag("span", breakable(one.sentence))) for one in inside]
        parts.append(tag("h3", "Inside the model") + tag("ul", *items, class_="findings"))
    parts += [note(text, "warning") for text in _warnings(report)]
    if not report.has_exposures:
        parts.append(tag("p", *_how_to_add(report), class_="note"))
    return section("findings", "What was found", *parts)


def _finding(one: Finding) -> str:
    words = tag("b", safe(one.about)) + tag("span", breakable(one.sentence))
    return tag("li", words, class_="leads" if one.leads else None)


def _how_split(report: Report) -> str:
    request = report.request
    end = "the whole run" if request.at_step is None else f"its first {request.at_step:,} steps"
    side = {"either": "either phrase", "good": "the good phrase", "bad": "the bad phrase", "both": "both phrases"}
    flagged = ", flagged sides included" if request.include_flagged else ""
    return (
        f"Proxy-train: {side[request.sides]} of the pair occurs anywhere in {end}; proxy-validation: it does not, and "
        f"that is known{flagged}. A lag is the step at which proxy-validation crosses minus that of proxy-train. "
        f"{threshold_text(report.threshold)} unless another threshold is named; "
        f"{request.delay.permutations:,} permutations, {request.delay.resamples:,} bootstrap resamples, seed "
        f"{request.delay.seed}, intervals at {request.delay.level:.0%}."
    )


def _warnings(report: Report) -> list[str]:
    found = [resolution_note(report)]
    for run in report.runs:
        if run.beyond_timeline and run.exposed is not None:
            found.append(
                f"{run.name}: checkpoints go beyond step {run.exposed.source.steps:,}, where the indexed run ends; "
                "what was shown after that is not known."
            )
        if run.exposed is not None and run.exposed.source.exactness == "approximate":
            found.append(f"{run.name}: the run was indexed without a tokenizer, so exposures are approximate.")
        if run.unscored:
            found.append(f"{run.name}: method {run.convention.method} applies to no pair of {list_text(run.unscored)}.")
    return [text for text in found if text is not None]


def _how_to_add(report: Report) -> list[str]:
    command = f"exposure evaluate CHECKPOINTS --pairs PAIRS --out {report.runs[0].name} --timeline TIMELINE"
    return [
        "To see when each pair's phrase was first exposed, index the data of the run (",
        tag("code", "exposure index"),
        ") and give the timeline to the same command again; nothing is scored twice: ",
        tag("code", safe(command)),
        ". Then make this report again.",
    ]
