"""Makes `fixtures/`: checkpoints by TensorFlow 1's own Saver, whose elements the tests know.

    pip install tensorflow-cpu==2.20.0
    python test/weights/tensorflow1/make-fixtures.py
"""

from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
OUT = Path(__file__).parent / "fixtures"
LAYERS = 20


def counted(*shape):
    """Eighths, counted upwards."""
    return tf.constant(np.arange(np.prod(shape)).reshape(shape) / 8, tf.float32)


def main():
    for device in (0, 1):
        with tf.device(f"/cpu:{device}"):
            for layer in range(device, LAYERS, 2):
                tf.get_variable(f"net/conv{layer}/kernel", initializer=counted(1, 1, 2, layer + 1))
    bias = tf.get_variable("net/bias", initializer=counted(3))
    tf.get_variable("lr", initializer=np.float32(0.5))
    tf.get_variable("global_step", initializer=np.int64(7))
    tf.get_variable(
        "pieces", (4, 2), partitioner=tf.fixed_size_partitioner(2), initializer=tf.ones_initializer()
    )
    tf.train.AdamOptimizer(0.5).minimize(tf.reduce_sum(bias), var_list=[bias])
    with tf.Session(config=tf.ConfigProto(device_count={"CPU": 2})) as session:
        session.run(tf.global_variables_initializer())
        for name, sharded in (("one", False), ("two", True)):
            saver = tf.train.Saver(sharded=sharded)
            saver.save(session, str(OUT / name), write_meta_graph=False, latest_filename=f"{name}.latest")
    for path in OUT.glob("*.latest"):
        path.unlink()


if __name__ == "__main__":
    main()
