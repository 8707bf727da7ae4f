"""Reconstruction error of FAISS' ResidualQuantizer with max_beam_size = 1: what residual k-means is held against.

usage: python faiss_residual_quantizer.py VECTORS.safetensors [--levels 3] [--bits 6] [--seeds 3]
needs: pip install faiss-cpu numpy safetensors
VECTORS has one tensor `vectors`, float32 or the bits of float16 as U16. Each seed shuffles the rows it is trained on.
Prints one JSON object: the relative error sum |x - y|^2 / sum |x - mean|^2, mean and spread over the seeds, and the
health of the codes of the first seed.
"""
import argparse, json, os, time
import faiss, numpy as np
from safetensors.numpy import load_file

p = argparse.ArgumentParser()
p.add_argument('vectors')
p.add_argument('--levels', type=int, default=3); p.add_argument('--bits', type=int, default=6)
p.add_argument('--seeds', type=int, default=3)
a = p.parse_args()
x = load_file(a.vectors)['vectors']
x = np.ascontiguousarray((x.view(np.float16) if x.dtype == np.uint16 else x).astype(np.float32))
spread = ((x - x.mean(0)) ** 2).sum()
errors, seconds, health = [], [], None
for seed in range(a.seeds):
    rq = faiss.ResidualQuantizer(x.shape[1], a.levels, a.bits)
    rq.max_beam_size = 1
    start = time.perf_counter()
    rq.train(np.ascontiguousarray(x[np.random.default_rng(seed).permutation(len(x))]))
    seconds.append(time.perf_counter() - start)
    packed = rq.compute_codes(x)
    errors.append(float(((x - rq.decode(packed)) ** 2).sum() / spread))
    if health is None:
        bits = np.unpackbits(packed, axis=1, bitorder='little')[:, :a.levels * a.bits].reshape(len(x), a.levels, a.bits)
        codes = (bits * (1 << np.arange(a.bits))).sum(2)
        share = [np.bincount(codes[:, l], minlength=1 << a.bits) / len(x) for l in range(a.levels)]
        _, inverse, counts = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
        health = dict(perplexity=[round(float(np.exp(-(s[s > 0] * np.log(s[s > 0])).sum())), 1) for s in share],
                      largest=[round(float(s.max()), 4) for s in share],
                      collisions=round(float((counts[inverse.ravel()] > 1).mean()), 4))
print(json.dumps(dict(peer='faiss ' + faiss.__version__, vectors=os.path.basename(a.vectors), rows=len(x), dim=x.shape[1],
                      levels=a.levels, size=1 << a.bits, max_beam_size=1, error=round(float(np.mean(errors)), 5),
                      deviation=round(float(np.std(errors)), 5), seconds=round(float(np.mean(seconds)), 1), **health)))
