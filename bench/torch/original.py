"""Runs DeepPS's own code, unchanged, one measured iteration for each line on standard input.

    original.py '{"deepps": FOLDER, "what": "train" | "infer", "level": 1..3, "batch": N, "imageGenerator": BOOL, "threads": N}'

What it prints is a line of JSON each time: {"ready": true} when warm, then {"seconds": ..., "cpuSeconds": ...} for each
line `go`, and {"peakBytes": ...} at the end of the input."""
import json
import os
import resource
import sys
import time

options = json.loads(sys.argv[1])
# Before torch loads its thread pool.
os.environ['OMP_NUM_THREADS'] = os.environ['MKL_NUM_THREADS'] = str(options['threads'])

import numpy
import torch

import stand_ins

stand_ins.install()
sys.path.insert(0, os.path.join(options['deepps'], 'src'))

import models
import pix2pix
import torchvision
import vgg
from utils import weights_init

SIZE = 256
ROWS_PER_LINE = 21
REFINEMENT = 0.5


def made_up_batch(count):
    """Sketch, image and mask (+1 = hole) as the original takes them."""
    sketch = torch.ones(count, 3, SIZE, SIZE)
    sketch[:, :, ::ROWS_PER_LINE] = -1
    mask = -torch.ones(count, 1, SIZE, SIZE)
    mask[:, :, 64:192, 64:192] = 1
    return sketch, torch.rand(count, 3, SIZE, SIZE) * 2 - 1, mask


def image_generator(level):
    network = (pix2pix.Pix2pix64, pix2pix.Pix2pix128, pix2pix.Pix2pix256)[level - 1]
    return freeze(network(in_channels=7, nef=64, useNorm='BN'))


def freeze(network):
    for parameter in network.parameters():
        parameter.requires_grad = False
    return network


def prediction(gan, batch):
    """test.py: the whole pipeline at 256 px."""
    sketch, image, mask = batch
    network = image_generator(3).eval()
    gan.eval()

    def iterate():
        with torch.no_grad():
            drawn, _ = gan.forward_editing(sketch, image, mask, REFINEMENT)
            network(torch.cat((drawn, image * (1 - mask) / 2, mask), dim=1))

    return iterate


def training(gan, batch, level, with_image_generator):
    """train.py: data preparation, then the updates of D and G."""
    sketch, image, mask = batch
    features = freeze(vgg.VGGFeature(torchvision.models.vgg19().features, gpu=False))
    network = image_generator(level) if with_image_generator else None
    gan.train()
    for lower in (gan.G64, gan.G128)[: level - 1]:
        freeze(lower)
    diameter = (gan.max_dilate - 1.0) * REFINEMENT + 1.0
    refinement = torch.full((len(sketch), 1), REFINEMENT)

    def iterate():
        s_in, i_in, s_gt, i_gt, m, below = gan.prepare_training_images(
            sketch, image, refinement, diameter, level, mask)
        losses = [gan.update_editing_discriminator(s_in, i_in, s_gt, i_gt, m, refinement, level, below)]
        losses += gan.update_editing_generator(
            s_in, i_in, s_gt, i_gt, m, refinement, level, features, below, network)
        return [loss.item() for loss in losses]

    return iterate


def say(**message):
    print(json.dumps(message), flush=True)


def main():
    torch.set_num_threads(options['threads'])
    torch.manual_seed(0)
    numpy.random.seed(0)
    gan = models.PSGAN(max_level=3, img_size=SIZE, gpu=False)
    gan.init_networks(weights_init)
    batch = made_up_batch(options['batch'])
    if options['what'] == 'infer':
        iterate = prediction(gan, batch)
    else:
        iterate = training(gan, batch, options['level'], options['imageGenerator'])
    iterate()
    say(ready=True, software=f'PyTorch {torch.__version__}')
    for _ in sys.stdin:
        begin, cpu = time.perf_counter(), time.process_time()
        iterate()
        say(seconds=time.perf_counter() - begin, cpuSeconds=time.process_time() - cpu)
    say(peakBytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


main()
