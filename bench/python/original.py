"""Runs DeepPS's own code, one measured iteration for each line on standard input.

    original.py '{"deepps": FOLDER, "what": "train" | "infer", "level": 1..3, "batch": N, "imageGenerator": BOOL,
                  "form": "plain" | "channels_last" | "compiled", "threads": N, "warmUp": N}'

Its forms: `plain`, as its authors wrote it; `channels_last`, weights and pictures in PyTorch's faster layout on CPUs,
for which its `.view(` is read as `.reshape(`; `compiled`, that and torch.compile on every network.

Where a form cannot run here it says {"missing": WHY}; serve.py has the rest."""
import json
import os
import shutil
import sys
import types

options = json.loads(sys.argv[1])
# Before torch loads its thread pool.
os.environ['OMP_NUM_THREADS'] = os.environ['MKL_NUM_THREADS'] = str(options['threads'])

import numpy
import torch

import stand_ins
from serve import say, serve

SIZE = 256
ROWS_PER_LINE = 21
REFINEMENT = 0.5
CHANNELS_LAST = options['form'] != 'plain'
COMPILED = options['form'] == 'compiled'


def load(name):
    """A module of the original; its .view(, which needs the layout that PyTorch has by default, read as .reshape(."""
    path = os.path.join(options['deepps'], 'src', name + '.py')
    with open(path, encoding='utf-8') as file:
        source = file.read()
    if CHANNELS_LAST:
        source = source.replace('.view(', '.reshape(')
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, path, 'exec'), module.__dict__)
    return module


stand_ins.install()
# Each imports those before it.
utils, _, models, pix2pix, vgg = map(load, ('utils', 'roughSketchSyn', 'models', 'pix2pix', 'vgg'))


def laid_out(what):
    """A network or pictures, in the layout of the form."""
    return what.to(memory_format=torch.channels_last) if CHANNELS_LAST else what


def compiled(network):
    """The network, compiled where the form says so."""
    if COMPILED:
        network.compile()
        if hasattr(network, 'forward_feature'):
            network.forward_feature = torch.compile(network.forward_feature)
    return network


def frozen(network):
    for parameter in network.parameters():
        parameter.requires_grad = False
    return network


def made_up_batch(count):
    """Sketch, image and mask (+1 = hole) as the original takes them."""
    sketch = torch.ones(count, 3, SIZE, SIZE)
    sketch[:, :, ::ROWS_PER_LINE] = -1
    mask = -torch.ones(count, 1, SIZE, SIZE)
    mask[:, :, 64:192, 64:192] = 1
    return [laid_out(images) for images in (sketch, torch.rand(count, 3, SIZE, SIZE) * 2 - 1, mask)]


def original_networks():
    """All generators and discriminators."""
    gan = models.PSGAN(max_level=3, img_size=SIZE, gpu=False)
    gan.init_networks(utils.weights_init)
    for network in (gan.G64, gan.G128, gan.G256, gan.D64, gan.D128, gan.D256):
        compiled(laid_out(network))
    return gan


def image_generator(level):
    network = (pix2pix.Pix2pix64, pix2pix.Pix2pix128, pix2pix.Pix2pix256)[level - 1]
    return compiled(laid_out(frozen(network(in_channels=7, nef=64, useNorm='BN'))))


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
    features = compiled(laid_out(frozen(vgg.VGGFeature(stand_ins.vgg19().features, gpu=False))))
    network = image_generator(level) if with_image_generator else None
    gan.train()
    for lower in (gan.G64, gan.G128)[: level - 1]:
        frozen(lower)
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


def main():
    compiler = os.environ.get('CXX', 'g++')
    if COMPILED and shutil.which(compiler) is None:
        return say(missing=f'torch.compile needs a C++ compiler, and there is no {compiler}')
    torch.set_num_threads(options['threads'])
    torch.manual_seed(0)
    numpy.random.seed(0)
    gan = original_networks()
    batch = made_up_batch(options['batch'])
    if options['what'] == 'infer':
        iterate = prediction(gan, batch)
    else:
        iterate = training(gan, batch, options['level'], options['imageGenerator'])
    if COMPILED:
        try:
            iterate()
        except Exception as error:  # of PyTorch's compiler, which does not take every network
            return say(missing=f'torch.compile fails: {type(error).__name__}')
    serve(f'PyTorch {torch.__version__}', iterate, options['warmUp'])


main()
