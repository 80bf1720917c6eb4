/** What is said when onnxruntime cannot open a model: in Node and in browsers, so that this needs neither. */
import { UserError } from '../../runtime/errors.ts';

/** @param model its file or address, or its bytes. */
export function unusableModel(model: unknown, error: unknown): UserError {
  const isPlace = (typeof model === 'string' && !model.startsWith('data:')) || model instanceof URL;
  return new UserError('onnxruntime cannot open the model.', {
    where: isPlace ? String(model) : undefined,
    expected: 'a whole ONNX file, such as onnx/pipeline.onnx of an export, on a disk that answers',
    got: (error as Error).message,
    fix: 'try again; if that fails as well, export the model anew (the command export --format onnx)',
  });
}
