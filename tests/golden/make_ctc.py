"""Writes ctc.json: published CTC cases, taken from the `ctc/vectors.json` of the folder that NEUROXIDE_DATA names.

Sources, given there case by case: warp-ctc (Apache-2.0) tests/test_cpu.cpp for losses and gradients,
CTCDecoder (MIT) and ctcdecode (MIT) for decodings. `ctcdecode_1` is left out: its published answer
comes from a pruned search and is not the most probable labelling.
"""

import json
import os
from pathlib import Path

cases = json.loads((Path(os.environ["NEUROXIDE_DATA"]) / "ctc" / "vectors.json").read_text())
loss = [case for case in cases if "expected_loss" in case]
decode = []
for case in cases:
    if case["name"] == "mini":
        decode.append(
            {**case, "vocab": [*case["chars"], "_"], "greedy": case["best_path"], "beam_search": case["prefix_search"]}
        )
    if case["name"] == "ctcdecode_2":
        decode.append(case)
out = Path(__file__).with_name("ctc.json")
out.write_text(json.dumps({"loss": loss, "decode": decode}, indent=1) + "\n")
