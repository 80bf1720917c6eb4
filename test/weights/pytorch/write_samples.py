"""Writes files with PyTorch in every form and protocol, and what they hold as JSON: python write_samples.py FOLDER."""

import argparse
import collections
import json
import sys

import numpy
import torch

folder = sys.argv[1]
torch.manual_seed(5)


def module():
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3),
        torch.nn.BatchNorm2d(4),
        torch.nn.utils.spectral_norm(torch.nn.Conv2d(4, 2, 4)),
        torch.nn.Linear(5, 6),
    ).state_dict()


def views():
    base = torch.randn(4, 6)
    return {
        "whole": base,
        "transposed": base.t(),
        "rows": base[1:3],
        "columns": base[:, ::2],
        "expanded": base[0:1].expand(3, 6),
        "permuted": torch.randn(2, 3, 4).permute(2, 0, 1),
        "channels_last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "scalar": torch.tensor(2.5),
        "empty": torch.empty(0, 3),
    }


def types():
    x = torch.tensor([[0.5, -1.25, 3.0], [1e-5, 65504.0, -0.0]])
    integers = torch.tensor([[-3, 7, 100]])
    floating = {str(t)[6:]: x.to(t) for t in (torch.float16, torch.bfloat16, torch.float32, torch.float64)}
    whole = {str(t)[6:]: integers.to(t) for t in (torch.int8, torch.int16, torch.int32, torch.int64)}
    return {**floating, **whole, "uint8": torch.tensor([250], dtype=torch.uint8), "bool": torch.tensor([True, False])}


def nested():
    weight = torch.nn.Parameter(torch.randn(2, 2))
    return {
        "epoch": 7,
        "loss": 0.25,
        "name": "sample",
        "size": torch.Size([1, 2]),
        "dtype": torch.float32,
        "device": torch.device("cpu"),
        "nothing": None,
        "model": collections.OrderedDict(parameter=weight, tied=weight),
        "optimizer": {"state": {0: {"step": 5, "exp_avg": torch.randn(2)}}, "param_groups": [{"params": [0]}]},
        "list": [torch.randn(3), (torch.randn(1),)],
    }


def flat(value, name=""):
    if isinstance(value, torch.Tensor):
        yield name, value
        return
    items = value.items() if isinstance(value, dict) else enumerate(value) if type(value) in (list, tuple) else ()
    for key, item in items:
        yield from flat(item, f"{name}.{key}" if name else str(key))


expected = {}
for sample in (module, views, types, nested):
    content = sample()
    expected[sample.__name__] = {
        key: [list(tensor.shape), str(tensor.dtype)[6:], tensor.detach().to(torch.float64).flatten().tolist()]
        for key, tensor in flat(content)
    }
    for protocol in (2, 3, 4, 5):
        for zipped in (False, True):
            path = f"{folder}/{sample.__name__}-{protocol}-{'zip' if zipped else 'old'}.pth"
            torch.save(content, path, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
json.dump(expected, open(f"{folder}/expected.json", "w"))

weight = torch.tensor([1.5, -2.0])
beside = {
    "best": numpy.float64(0.5),
    "curve": numpy.arange(3),
    "args": argparse.Namespace(lr=1e-4, betas=(0.9, 0.999)),
    "counts": collections.defaultdict(int, {"a": 1}),
    "counter": collections.Counter("aab"),
    "set": {1, 2},
    "complex": 1 + 2j,
    "optimiser": torch.optim.Adam,
}
for zipped in (False, True):
    torch.save(
        {**beside, "state_dict": {"w": weight}, "more": collections.defaultdict(dict, {"v": weight})},
        f"{folder}/beside-{'zip' if zipped else 'old'}.pth",
        _use_new_zipfile_serialization=zipped,
    )
torch.save(
    {str(t)[6:]: weight.to(t) for t in (torch.float8_e4m3fn, torch.float8_e5m2)}
    | {"uint16": torch.tensor([65535], dtype=torch.uint16)},
    f"{folder}/small.pth",
)
torch.save(torch.nn.Linear(1, 1), f"{folder}/model.pth")
torch.jit.script(torch.nn.Linear(1, 1)).save(f"{folder}/script.pth")
torch.save({"x": torch.eye(2).to_sparse()}, f"{folder}/sparse.pth")
