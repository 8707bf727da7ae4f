"""Item vectors from real interactions, without any model of ours: what the codebooks are measured on.

usage: python item_vectors.py SPLIT.csv.gz OUT.safetensors [--dim 64] [--items 0] [--half]
needs: pip install numpy scipy safetensors
SPLIT has `part,user,items`; only the part `train` is read. The user-item matrix X is scaled to
D_users^-1/2 X D_items^-1/2 and cut to its largest singular vectors; an item's vector is its row of V sqrt(S), made
length 1. Items that no training user has are left out. With --items N the N most popular items are kept; --half
stores the bits of float16 as U16. Singular vectors get the sign that makes their largest entry positive, so that the result is the same
on every machine up to rounding.
"""
import argparse, csv, gzip, io
import numpy as np
from safetensors.numpy import save_file
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import svds

p = argparse.ArgumentParser()
p.add_argument('split'); p.add_argument('out')
p.add_argument('--dim', type=int, default=64); p.add_argument('--items', type=int, default=0)
p.add_argument('--half', action='store_true')
a = p.parse_args()

ids, rows, columns, users = {}, [], [], 0
with gzip.open(a.split) as file:
    for line in csv.DictReader(io.TextIOWrapper(file)):
        if line['part'] != 'train': continue
        for item in set(line['items'].split()):
            rows.append(users); columns.append(ids.setdefault(item, len(ids)))
        users += 1
x = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(users, len(ids)))
count = np.asarray(x.sum(0)).ravel()
scaled = diags(np.asarray(x.sum(1)).ravel() ** -.5) @ x @ diags(count ** -.5)
_, s, vt = svds(scaled, k=a.dim, v0=np.ones(min(x.shape)), tol=1e-9)
order = np.argsort(-s)
v = vt[order].T * np.sqrt(s[order])
v *= np.sign(v[np.abs(v).argmax(0), np.arange(a.dim)])
keep = np.sort(np.argsort(-count, kind='stable')[:a.items or len(ids)])
v = v[keep]
v /= np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12)
save_file({'vectors': np.ascontiguousarray(v.astype(np.float16).view(np.uint16) if a.half else v.astype(np.float32))}, a.out)
print(f'{len(v)} items of {users} users, dim {a.dim}, singular values {s.max():.3f} to {s.min():.3f}')
