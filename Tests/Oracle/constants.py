"""Writes Sources/Families/Constants.swift: what the class of a type takes for a constant that its configuration leaves out.

    python constants.py
    python constants.py --types moshi

The constants are the keys below, wherever a class built without arguments has them. With `--types` only those are made anew,
or added; without it, all that the file has.
"""

import argparse
import json
import pathlib
import re
import textwrap

import oracle  # noqa: F401  (checks the version)
from transformers import CONFIG_MAPPING

FILE = pathlib.Path(__file__).parent.parent.parent / "Sources/Families/Constants.swift"

KEYS = """
attention_in_multiplier attention_multiplier attention_out_multiplier attention_value_scale attn_scale attn_temperature_tuning
dim_model_base embedding_multiplier embedding_scale eps floor_scale full_attn_alpha_factor full_attn_beta_factor hc_eps hc_magnitude
index_local_blocks kda_lower_bound key_multiplier layer_norm_eps layer_norm_epsilon linear_attn_alpha_factor linear_attn_beta_factor
lm_head_multiplier log_scaling_alpha logits_mup_width_multiplier logits_scaling logits_soft_cap mixer_rms_eps mlp_alpha_factor
mlp_beta_factor mlp_gate_softcap mlp_multipliers mlp_up_softcap moe_norm_min moe_routed_scaling_factor moe_router_scaling_factor norm_eps
norm_epsilon output_multiplier position_bias_max_distance post_norm_eps qk_l2_clip_threshold qk_scale_factor query_pre_attn_scalar rel_l2_clip_threshold
residual_multiplier rms_norm_eps rope_interleave rope_parameters route_scale router_scaling_factor scale_depth scale_emb
ssm_in_multiplier ssm_multipliers ssm_out_multiplier swiglu_alpha swiglu_limit time_step_limit
""".split()


def flat(key, value):
    if isinstance(value, dict):
        for inner, other in value.items():
            # The older name of the rule says the same.
            if inner != "type":
                yield from flat(f"{key}.{inner}", other)
    elif value is not None:
        yield f"{key}={json.dumps(value, separators=(',', ':')).replace('Infinity', '1e999')}"


def entry(model_type):
    known = CONFIG_MAPPING[model_type]().get_text_config().to_dict()
    return " ".join(pair for key in KEYS if key in known for pair in flat(key, known[key]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--types", nargs="*")
    arguments = parser.parse_args()
    text = FILE.read_text()
    entries = dict(re.findall(r'^    "([^"]+)": """\n(.*?)\n    """', text, re.S | re.M))
    for model_type in arguments.types or list(entries):
        found = entry(model_type)
        if entries.get(model_type, "").split() != found.split():
            lines = textwrap.wrap(found, 96, break_long_words=False, break_on_hyphens=False)
            entries[model_type] = "\n".join("    " + line for line in lines)
            print(model_type)
    body = "".join(f'    "{name}": """\n{lines}\n    """,\n' for name, lines in sorted(entries.items()))
    start = text.index('    "')
    FILE.write_text(text[:start] + body + "  ]\n}\n")


if __name__ == "__main__":
    main()
