/** Protocol buffers' messages as tables, for formats of which we need a few fields and no generated code. */
import protobuf from 'protobufjs/light.js';

/** Fields by the message's name: each a name, its number and its type; a type that ends in [] repeats. */
export type Messages = Readonly<
  Record<string, readonly (readonly [name: string, id: number, type: string])[]>
>;

/** The messages, to be looked up by name. A field's type is one of protocol buffers' or another message. */
export function defineMessages(messages: Messages): protobuf.Root {
  const root = new protobuf.Root();
  for (const [message, fields] of Object.entries(messages)) {
    const type = new protobuf.Type(message);
    for (const [name, id, declared] of fields) {
      const repeated = declared.endsWith('[]');
      const of = repeated ? declared.slice(0, -2) : declared;
      type.add(new protobuf.Field(name, id, of, repeated ? 'repeated' : undefined));
    }
    root.add(type);
  }
  return root;
}
