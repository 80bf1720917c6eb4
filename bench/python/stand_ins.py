"""Stand-ins for packages that DeepPS imports and that what is timed here never calls, or that are no longer to be had.
Only torchvision's VGG19 does anything: its first layers, with random weights, which cost what trained ones cost."""
import sys
import types

import torch


def install():
    """Makes the packages importable."""
    _module('cv2')
    _module('scipy').ndimage = _module('scipy.ndimage')
    _module('PIL').Image = _module('PIL.Image')
    _module('matplotlib').pyplot = _module('matplotlib.pyplot')
    _module('torchsample').transforms = _module('torchsample.transforms', Rotate=None)
    torchvision = _module('torchvision')
    torchvision.transforms = _module('torchvision.transforms')
    torchvision.models = _module('torchvision.models', vgg19=vgg19)


def vgg19():
    """The layers of VGG19 up to relu3_1 as torchvision numbers them, in `features`."""
    layers, channels = [], 3
    for width in (64, 64, None, 128, 128, None, 256):
        if width is None:
            layers.append(torch.nn.MaxPool2d(2, 2))
        else:
            layers += [torch.nn.Conv2d(channels, width, 3, padding=1), torch.nn.ReLU(inplace=True)]
            channels = width
    return types.SimpleNamespace(features=torch.nn.Sequential(*layers))


def _module(name, **contents):
    module = types.ModuleType(name)
    module.__dict__.update(contents)
    sys.modules[name] = module
    return module
