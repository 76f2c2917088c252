"""Writes the checkpoint directory that Sotto loads: config.json, Mimi, language model, tokenizer and manifest.

    python -m wren.export --codec runs/mimi.safetensors --lm runs/lm/last.pt --out ../public/models/wren
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

from .codec_checkpoint import heard_books
from .lm import LmConfig, Moshi
from .mimi import MimiConfig
from .world import VOCABULARY

LIMIT_BYTES = 12_000_000


def tokenizer_json() -> dict:
    """A Hugging Face Unigram tokenizer whose pieces are Wren's words."""
    special = [{"id": i, "content": p, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} for i, p in enumerate(VOCABULARY[:4])]
    space = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special, "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": space, "post_processor": None, "decoder": space,
        "model": {"type": "Unigram", "unk_id": 0, "vocab": [[p, 0.0 if i < 4 else -1.0] for i, p in enumerate(VOCABULARY)], "byte_fallback": False},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codec", type=Path, default=Path("runs/mimi.safetensors"))
    parser.add_argument("--lm", type=Path, default=Path("runs/lm/last.pt"))
    parser.add_argument("--out", type=Path, default=Path("../public/models/wren"))
    args = parser.parse_args()
    out: Path = args.out
    out.mkdir(parents=True, exist_ok=True)
    lm_config = LmConfig()
    model = Moshi(lm_config, heard_books(args.codec, MimiConfig()))
    model.load_state_dict(torch.load(args.lm, weights_only=True)["model"])
    save_file({k: v.to(torch.float16).contiguous() for k, v in model.checkpoint().items()}, out / "model.safetensors")
    shutil.copyfile(args.codec, out / "mimi.safetensors")
    for weights in out.glob("*.safetensors"):
        weights.chmod(0o644)  # safetensors writes for the owner only; a web server is somebody else
    MimiConfig().save(out / "mimi.json")
    (out / "tokenizer.json").write_text(json.dumps(tokenizer_json(), indent=1, ensure_ascii=False))
    config = {
        **lm_config.to_json(), "moshi_name": "model.safetensors", "mimi_name": "mimi.safetensors", "mimi_config_name": "mimi.json",
        "tokenizer_name": "tokenizer.json", "lm_gen_config": {"temp": 0.0, "temp_text": 0.0, "top_k": 50, "top_k_text": 10},
    }
    (out / "config.json").write_text(json.dumps(config, indent=1))
    files = ["config.json", "mimi.json", "mimi.safetensors", "model.safetensors", "tokenizer.json"]
    listed = [
        {"name": f, "bytes": (out / f).stat().st_size, "sha256": hashlib.sha256((out / f).read_bytes()).hexdigest()} for f in files
    ]
    (out / "manifest.json").write_text(json.dumps({"name": "wren", "files": listed}, indent=1))
    total = sum(p.stat().st_size for p in out.iterdir())
    for entry in listed:
        print(f"{entry['bytes']:>10,} {entry['name']}")
    print(f"{total:>10,} in all")
    if total > LIMIT_BYTES:
        raise SystemExit(f"the model is larger than {LIMIT_BYTES:,} bytes")


if __name__ == "__main__":
    main()
