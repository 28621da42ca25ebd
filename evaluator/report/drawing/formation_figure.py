"""When heads formed, by layer: a row a layer, a dot a head, and the gap between checkpoints in which it happened."""

from __future__ import annotations

from evaluator.measures.onset.formation import Formation
from evaluator.report.drawing.frame import Frame, step_axis
from evaluator.report.drawing.shapes import dots, label, line, svg
from evaluator.report.wording import share_text

WIDTH, LEFT, RIGHT, TOP = 640.0, 44.0, 560.0, 34.0
ROW = 26.0


def formation_figure(formation: Formation, steps: tuple[int, ...]) -> str:
    """Twice, steps linear and logarithmic; `steps` are the checkpoints. The deepest layer is at the top."""
    return "".join(_plot(formation, steps, is_log) for is_log in (False, True))


def _plot(formation: Formation, steps: tuple[int, ...], is_log: bool) -> str:
    n_layers, n_heads = formation.steps.shape
    bottom = TOP + ROW * n_layers
    frame = Frame(WIDTH, bottom + 44, LEFT, RIGHT, TOP, bottom, steps, 0.0, is_log)
    parts = [
        label((4, TOP - 13), "layer", "axis"),
        label((WIDTH, TOP - 13), "formed", "axis", "end"),
        *(_row(frame, formation, at, bottom - (at + 0.5) * ROW) for at in range(n_layers)),
        step_axis(frame),
    ]
    formed = int(formation.formed_by_layer.sum())
    title = (
        f"Formation of heads by layer at θ = {share_text(formation.theta, 2)}: {formed} of {n_layers * n_heads} formed"
    )
    return svg(WIDTH, bottom + 44, title, *parts, class_=f"plot big {'log' if is_log else 'linear'}")


def _row(frame: Frame, formation: Formation, at: int, y: float) -> str:
    """Heads of one layer, those that formed at the same step one above the other."""
    n_heads = formation.steps.shape[1]
    parts = [
        line((frame.left, y), (frame.right, y), "grid"),
        label((frame.left - 7, y + 4), str(formation.layers[at]), "tick", "end"),
        label((WIDTH, y + 4), f"{int(formation.formed_by_layer[at])} of {n_heads}", "tick", "end"),
    ]
    x, at_step = frame.x, dict[float, int]()
    for step, after in sorted(zip(formation.steps[at].tolist(), formation.after[at].tolist(), strict=True)):
        if step == float("inf"):
            continue
        above = at_step[step] = at_step.get(step, -1) + 1
        place = y + ((above + 1) // 2) * 4 * (1 if above % 2 else -1)
        parts.append(line((x(max(after, frame.steps[0])), place), (x(step), place), "censored all"))
        parts.append(dots([(x(step), place)], 3.2, "dots all"))
    return "".join(parts)
