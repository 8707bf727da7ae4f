"""PyTorch's exact top k of many users, on the CPU: random vectors, users multiplied with the catalogue in blocks.

usage: python torch_topk.py [--users N] [--items N] [--dim D] [--k K] [--block B] [--threads P] [--repeats R] [--turns]
needs: pip install torch
Prints one JSON object; `seconds` is the best of the repeats. With --turns it ranks all users once for each line that it reads,
and answers with the seconds, so that `packages/model/src/exact.bench.ts` can take turns with it.
"""
import argparse
import json
import sys
import time

import torch

parser = argparse.ArgumentParser()
for name, default in dict(users=20000, items=25000, dim=64, k=100, block=256, threads=2, repeats=3).items():
    parser.add_argument('--' + name, type=int, default=default)
parser.add_argument('--turns', action='store_true')
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(1)
users = torch.randn(options.users, options.dim)
items = torch.randn(options.items, options.dim)


@torch.inference_mode()
def seconds():
    start = time.perf_counter()
    for block in users.split(options.block):
        torch.topk(block @ items.T, options.k, dim=1)
    return time.perf_counter() - start


if options.turns:
    for _ in sys.stdin:
        print(seconds(), flush=True)
else:
    best = min(seconds() for _ in range(options.repeats))
    settings = {name: value for name, value in vars(options).items() if name != 'turns'}
    print(json.dumps(dict(settings, peer='torch ' + torch.__version__, seconds=round(best, 3))))
