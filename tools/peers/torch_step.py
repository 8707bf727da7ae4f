"""The training step of the model package's benches, in PyTorch: what ours is held against.

Reads one line per step from standard input and answers with the milliseconds that the step took, wall and CPU, so that a
bench can take turns with it. Needs: pip install torch numpy.

usage: python torch_step.py {two-tower|comirec-sa} [--items N] [--batch B] [--threads P] [--optimizer sparse|dense]
"""
import argparse
import sys
import time

import numpy as np
import torch
from torch import nn

HISTORY, DIM, INTERESTS, NEGATIVES, TEMPERATURE, ZIPF = 20, 64, 4, 1280, 0.1, 0.8


class TwoTower(nn.Module):
    """Mean of the history through a residual layer."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(DIM, 2 * DIM)
        self.outer = nn.Linear(2 * DIM, DIM)

    def forward(self, history, target):
        mean = history.mean(dim=1)
        return mean + self.outer(torch.relu(self.inner(mean)))


class ComiRecSA(nn.Module):
    """Several attention-pooled vectors; the one nearest to the target."""

    def __init__(self):
        super().__init__()
        self.positions = nn.Parameter(torch.randn(HISTORY, DIM) * 0.02)
        self.w1 = nn.Linear(DIM, 4 * DIM, bias=False)
        self.w2 = nn.Linear(4 * DIM, INTERESTS, bias=False)

    def forward(self, history, target):
        weights = torch.softmax(self.w2(torch.tanh(self.w1(history + self.positions))), dim=1)
        interests = weights.transpose(1, 2) @ history
        with torch.no_grad():
            nearest = (interests * target[:, None]).sum(2).argmax(1)
        return interests[torch.arange(len(nearest)), nearest]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=["two-tower", "comirec-sa"])
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--optimizer", choices=["sparse", "dense"], default="sparse")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    random = np.random.default_rng(1)
    share = np.arange(1, args.items + 1) ** -ZIPF
    cumulative = np.cumsum(share / share.sum())

    def draw(*shape):
        return torch.from_numpy(np.minimum(np.searchsorted(cumulative, random.random(shape)), args.items - 1))

    table = nn.Embedding(args.items, DIM, sparse=args.optimizer == "sparse")
    nn.init.normal_(table.weight, std=0.05)
    tower = TwoTower() if args.model == "two-tower" else ComiRecSA()
    of_table = torch.optim.SparseAdam if args.optimizer == "sparse" else torch.optim.Adam
    optimizers = [of_table(list(table.parameters()), lr=1e-3), torch.optim.Adam(tower.parameters(), lr=1e-3)]

    def step():
        history, target, negative = table(draw(args.batch, HISTORY)), table(draw(args.batch)), table(draw(NEGATIVES))
        user = nn.functional.normalize(tower(history, target), dim=-1)
        target, negative = nn.functional.normalize(target, dim=-1), nn.functional.normalize(negative, dim=-1)
        logits = torch.cat([(user * target).sum(1, keepdim=True), user @ negative.T], dim=1) / TEMPERATURE
        loss = nn.functional.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long))
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()

    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        step()
        print(f"{(time.perf_counter() - wall) * 1e3:.3f} {(time.process_time() - cpu) * 1e3:.3f}", flush=True)


if __name__ == "__main__":
    main()
