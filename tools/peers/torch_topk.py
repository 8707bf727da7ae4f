"""Seconds that PyTorch takes for the exact top k of many users, on the CPU. Run it beside ours, in one go, and quote the ratio.

usage: python torch_topk.py [--users N] [--items N] [--dim D] [--k K] [--block B] [--threads P] [--repeats R]
needs: pip install torch
Random vectors; users are multiplied with the catalogue in blocks. Prints one JSON object; `seconds` is the best of the repeats.
"""
import argparse
import json
import time

import torch

parser = argparse.ArgumentParser()
for name, default in dict(users=20000, items=25000, dim=64, k=100, block=256, threads=2, repeats=3).items():
    parser.add_argument('--' + name, type=int, default=default)
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(1)
users = torch.randn(options.users, options.dim)
items = torch.randn(options.items, options.dim)
seconds = []
with torch.inference_mode():
    for _ in range(options.repeats):
        start = time.perf_counter()
        for block in users.split(options.block):
            torch.topk(block @ items.T, options.k, dim=1)
        seconds.append(time.perf_counter() - start)
print(json.dumps(dict(vars(options), peer='torch ' + torch.__version__, seconds=round(min(seconds), 3))))
