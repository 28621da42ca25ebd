"""A two-layer attention-only Llama, built by hand, that copies: which of its heads does what is known.

Layer 0 holds previous-token heads: head o − 1 attends to o tokens back and writes that token's code to a part of the
residual stream of its own. Layer 1 holds one induction head: it looks for the place whose previous tokens are the
query's last ones (the last one weighs most), and writes the code of the token that stands there to where the output
embeddings read. So at the second occurrence of "… a b c" it predicts what followed the first. All other heads attend
evenly, and write next to nothing.

W_U W_O W_V W_E of the induction head is a Gram matrix of the codes: positive semidefinite, all its eigenvalues real.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

CODE = 32
"""Numbers in a token's code, each 1 or −1, as many of one as of the other."""

D_HEAD = 128
N_LOOKING_BACK = 16
"""Pairs of a head's dimensions that rotate with the distance; the other 48 hardly do, and carry 96 numbers."""

ORDER = 3
"""Tokens that a place is recognised by: chance repetitions of single tokens do not mislead it."""

WEIGHTS = (1.0, 0.5, 0.5)
SHARPNESS = 60.0
"""Attention logits at a full match."""

ROTARY_BASE = 1e24
N_HEADS = 4

TOKEN = slice(0, CODE)
PREVIOUS = tuple(slice(CODE * order, CODE * (order + 1)) for order in range(1, ORDER + 1))
OUTPUT = slice(CODE * (ORDER + 1), CODE * (ORDER + 2))
CONSTANT = CODE * (ORDER + 2)
D_MODEL = CODE * (ORDER + 3)

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PlantedInduction:
    """The model, fp32 and in eval mode, and its circuit as (layer, head)."""

    model: PreTrainedModel
    previous_token_heads: tuple[tuple[int, int], ...] = tuple((0, head) for head in range(ORDER))
    """They attend to one, two and three tokens back."""
    induction_head: tuple[int, int] = (1, 2)

    @property
    def idle_heads(self) -> tuple[tuple[int, int], ...]:
        """The others."""
        known = {*self.previous_token_heads, self.induction_head}
        return tuple((layer, head) for layer in range(2) for head in range(N_HEADS) if (layer, head) not in known)


def planted_induction(
    vocabulary: int = 256, context: int = 1024, noise: float = 1e-3, seed: int = 0, is_broken: bool = False
) -> PlantedInduction:
    """Build it. `noise`: standard deviation of what is added to W_V and W_O of all heads, so that their eigenvalues are
    not exactly 0. `is_broken`: the induction head is idle too, so nothing is copied.
    """
    generator = np.random.default_rng(seed)
    codes = _codes(vocabulary, generator)
    found = PlantedInduction(_empty_model(vocabulary, context))
    with torch.no_grad():
        _plant_embeddings(found.model, codes)
        for layer, head in found.previous_token_heads:
            _set_head(found.model, layer, head, _previous_token_head(head + 1))
        if not is_broken:
            _set_head(found.model, *found.induction_head, _induction_head())
        for block in found.model.model.layers:
            for projection in (block.self_attn.v_proj, block.self_attn.o_proj):
                projection.weight += torch.from_numpy(noise * generator.standard_normal(projection.weight.shape))
    return found


def _codes(vocabulary: int, generator: np.random.Generator) -> Matrix:
    """[token, code] all different."""
    ordered = np.repeat([1.0, -1.0], CODE // 2)
    codes: dict[bytes, Matrix] = {}
    while len(codes) < vocabulary:
        code = generator.permutation(ordered)
        codes[code.tobytes()] = code
    return np.array(list(codes.values()))


def _empty_model(vocabulary: int, context: int) -> PreTrainedModel:
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=D_MODEL,
        intermediate_size=8,
        num_hidden_layers=2,
        num_attention_heads=N_HEADS,
        num_key_value_heads=N_HEADS,
        head_dim=D_HEAD,
        max_position_embeddings=context,
        rope_parameters={"rope_type": "default", "rope_theta": ROTARY_BASE},
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )
    with torch.random.fork_rng(devices=[]):
        model: PreTrainedModel = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.fill_(1.0 if "norm" in name else 0.0)  # the MLPs stay 0
    return model


def _plant_embeddings(model: PreTrainedModel, codes: Matrix) -> None:
    """Every token: its code, and a constant; output embeddings read the output part only."""
    model.get_input_embeddings().weight[:, TOKEN] = torch.from_numpy(codes).float()
    model.get_input_embeddings().weight[:, CONSTANT] = 1.0
    model.get_output_embeddings().weight[:, OUTPUT] = 8 * torch.from_numpy(codes).float()


def _rms(n_codes: int) -> float:
    """What RMSNorm divides a residual stream by that holds so many codes and the constant."""
    return float(np.sqrt((n_codes * CODE + 1) / D_MODEL))


def _blank() -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """W_Q, W_K, W_V [d_model, d_head] and W_O [d_head, d_model]."""
    return (*(np.zeros((D_MODEL, D_HEAD)) for _ in range(3)), np.zeros((D_HEAD, D_MODEL)))


def _previous_token_head(distance: int) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Attends where Σ_j cos θ_j (Δ − distance) is largest: `distance` tokens back. Copies the code to PREVIOUS."""
    query, key, value, output = _blank()
    angles = distance * ROTARY_BASE ** (-2 * np.arange(N_LOOKING_BACK) / D_HEAD)
    size = _rms(1) * np.sqrt(SHARPNESS * np.sqrt(D_HEAD))
    pairs = np.arange(N_LOOKING_BACK)
    query[CONSTANT, pairs] = size * np.cos(angles)
    query[CONSTANT, pairs + D_HEAD // 2] = -size * np.sin(angles)
    key[CONSTANT, pairs] = size
    value[TOKEN, :CODE] = _rms(1) * np.eye(CODE)
    output[:CODE, PREVIOUS[distance - 1]] = np.eye(CODE)
    return query, key, value, output


def _induction_head() -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Attends where the previous tokens are the query's own and its previous ones. Copies the code to OUTPUT."""
    query, key, value, output = _blank()
    half = D_HEAD // 2
    still = np.concatenate([np.arange(N_LOOKING_BACK, half), np.arange(half + N_LOOKING_BACK, D_HEAD)])
    own = (TOKEN, *PREVIOUS[:-1])
    for order, weight in enumerate(WEIGHTS):
        places = still[CODE * order : CODE * (order + 1)]
        size = _rms(1 + ORDER) * np.sqrt(weight * SHARPNESS * np.sqrt(D_HEAD) / CODE)
        query[own[order], places] = size * np.eye(CODE)
        key[PREVIOUS[order], places] = size * np.eye(CODE)
    value[TOKEN, :CODE] = _rms(1 + ORDER) * np.eye(CODE)
    output[:CODE, OUTPUT] = np.eye(CODE)
    return query, key, value, output


def _set_head(model: PreTrainedModel, layer: int, head: int, weights: tuple[Matrix, Matrix, Matrix, Matrix]) -> None:
    attention = model.model.layers[layer].self_attn
    mine = slice(head * D_HEAD, (head + 1) * D_HEAD)
    query, key, value, output = (torch.from_numpy(one).float() for one in weights)
    attention.q_proj.weight[mine] = query.T
    attention.k_proj.weight[mine] = key.T
    attention.v_proj.weight[mine] = value.T
    attention.o_proj.weight[:, mine] = output.T
