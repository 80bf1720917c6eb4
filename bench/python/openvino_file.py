"""Runs an ONNX file in OpenVINO, one measured iteration for each line on standard input; it speaks as original.py does.

    openvino_file.py '{"file": FILE, "inputs": {NAME: SHAPE}, "threads": N, "warmUp": N}'"""
import json
import resource
import sys
import time


def say(**message):
    print(json.dumps(message), flush=True)


def main():
    try:
        import numpy
        import openvino
    except ImportError:
        return say(missing='not installed')
    options = json.loads(sys.argv[1])
    core = openvino.Core()
    hints = {'PERFORMANCE_HINT': 'LATENCY', 'INFERENCE_NUM_THREADS': options['threads'], 'INFERENCE_PRECISION_HINT': 'f32'}
    model = core.compile_model(options['file'], 'CPU', hints)
    feeds = {name: numpy.random.rand(*shape).astype('float32') for name, shape in options['inputs'].items()}
    request = model.create_infer_request()
    for _ in range(options['warmUp']):
        request.infer(feeds)
    say(software=f'OpenVINO {openvino.__version__.split("-")[0]}')
    for _ in sys.stdin:
        begin = time.perf_counter()
        request.infer(feeds)
        say(seconds=time.perf_counter() - begin)
    say(peakBytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


main()
