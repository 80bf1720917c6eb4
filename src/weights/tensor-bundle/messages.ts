/** What a tensor bundle's index holds (tensorflow/core/protobuf/tensor_bundle.proto), as far as it is read here. */
import protobuf from 'protobufjs/light.js';

export interface BundleHeader {
  readonly numShards: number;
  /** 0 is little, 1 is big. */
  readonly endianness: number;
}

export interface BundleEntry {
  /** As tensorflow/core/framework/types.proto numbers them. */
  readonly dtype: number;
  readonly shape: { readonly dim: readonly { readonly size: number }[] };
  readonly shardId: number;
  /** Of the elements in the shard. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  /** Of the elements, masked. */
  readonly crc32c: number;
  /** Of a variable that is stored in pieces. */
  readonly slices: readonly object[];
}

const field = (name: string, id: number, type: string, rule?: 'repeated') =>
  new protobuf.Field(name, id, type, rule);

const root = new protobuf.Root();
root.add(
  new protobuf.Type('BundleHeaderProto')
    .add(field('numShards', 1, 'int32'))
    .add(field('endianness', 2, 'int32')),
);
root.add(
  new protobuf.Type('BundleEntryProto')
    .add(field('dtype', 1, 'int32'))
    .add(field('shape', 2, 'TensorShapeProto'))
    .add(field('shardId', 3, 'int32'))
    .add(field('offset', 4, 'int64'))
    .add(field('size', 5, 'int64'))
    .add(field('crc32c', 6, 'fixed32'))
    .add(field('slices', 7, 'TensorSliceProto', 'repeated')),
);
root.add(new protobuf.Type('TensorShapeProto').add(field('dim', 2, 'Dim', 'repeated')));
root.add(new protobuf.Type('Dim').add(field('size', 1, 'int64')));
root.add(new protobuf.Type('TensorSliceProto'));

function decoder<T>(name: string): (bytes: Uint8Array) => T {
  const type = root.lookupType(name);
  const options = { longs: Number, arrays: true, defaults: true };
  return (bytes) => type.toObject(type.decode(bytes), options) as unknown as T;
}

/** Both throw when the bytes are no such message. */
export const decodeHeader = decoder<BundleHeader>('BundleHeaderProto');
export const decodeEntry = decoder<BundleEntry>('BundleEntryProto');
