"""Seconds of PyTorch for residual codes by cdist().argmin(), level by level, in blocks: what our encode is held against.

usage: python codebook_encode.py [--rows 1000000] [--dim 64] [--levels 3] [--size 256] [--threads 1] [--block 8192] [--repeat 3]
needs: pip install torch numpy
Vectors and codewords are normal random numbers; prints one JSON object, `seconds` is the least of the repeats,
`cpu_seconds` the processor time of the same, which a busy machine disturbs less.
"""
import argparse, json, time
import torch

p = argparse.ArgumentParser()
for name, default in dict(rows=1_000_000, dim=64, levels=3, size=256, threads=1, block=8192, repeat=3).items():
    p.add_argument('--' + name, type=int, default=default)
a = p.parse_args()
torch.set_num_threads(a.threads)
generator = torch.Generator().manual_seed(1)
x = torch.randn(a.rows, a.dim, generator=generator)
levels = [torch.randn(a.size, a.dim, generator=generator) / (l + 1) for l in range(a.levels)]
codes = torch.empty(a.rows, a.levels, dtype=torch.int16)
seconds, cpu = [], []
with torch.inference_mode():
    for _ in range(a.repeat):
        start, used = time.perf_counter(), time.process_time()
        for at in range(0, a.rows, a.block):
            residual = x[at:at + a.block].clone()
            for l, words in enumerate(levels):
                found = torch.cdist(residual, words).argmin(1)
                codes[at:at + a.block, l] = found
                if l + 1 < a.levels: residual -= words[found]
        seconds.append(time.perf_counter() - start); cpu.append(time.process_time() - used)
print(json.dumps(dict(peer='torch ' + torch.__version__, seconds=round(min(seconds), 3),
                      cpu_seconds=round(min(cpu), 3), threads=a.threads, rows=a.rows,
                      dim=a.dim, levels=a.levels, size=a.size, block=a.block)))
