"""Runs an ONNX file in OpenVINO, one measured iteration for each line on standard input; serve.py has the rest.

    openvino_file.py '{"file": FILE, "inputs": {NAME: SHAPE}, "threads": N, "warmUp": N}'"""
import json
import sys

from serve import say, serve


def main():
    try:
        import numpy
        import openvino
    except ImportError:
        return say(missing='not installed')
    options = json.loads(sys.argv[1])
    hints = {
        'PERFORMANCE_HINT': 'LATENCY',
        'INFERENCE_NUM_THREADS': options['threads'],
        'INFERENCE_PRECISION_HINT': 'f32',
    }
    request = openvino.Core().compile_model(options['file'], 'CPU', hints).create_infer_request()
    feeds = {name: numpy.random.rand(*shape).astype('float32') for name, shape in options['inputs'].items()}
    version = openvino.__version__.split('-')[0]
    serve(f'OpenVINO {version}', lambda: request.infer(feeds), options['warmUp'])


main()
